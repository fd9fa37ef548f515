// SPDX-License-Identifier: Apache-2.0

import { attempt, get, post } from "./api.js";
import { refresh, state } from "./app.js";
import { $, clockTime, copy, keepEnd, make, sync, visible } from "./dom.js";
import { interactive, listPicker } from "./interactive.js";

const eventPrefix = "application/vnd.amazonaws.connect.event.";
const typingFor = 12_000; // as long as clients show it
const typists = new Map(); // ParticipantId to the end of typing
const keepTranscript = keepEnd($("transcript"));

// openChat shows another chat, or none.
export function openChat(chat) {
  typists.clear();
  $("transcript").replaceChildren();
  keepTranscript(true);
  $("actor").replaceChildren();
  showChat(chat);
}

export async function refreshChat(chat) {
  const Items = chat ? (await get(`chats/${chat.ContactId}/items`)).Items : [];
  if (chat?.ContactId !== state.chat?.ContactId) return; // another one has been opened in the meantime
  showChat(chat);
  const shown = [];
  let before;
  for (const item of Items) {
    const date = (item.AbsoluteTime ?? "").slice(0, 10);
    if (before && date !== before) shown.push({ Id: date, date });
    shown.push({ ...item, current: !chat.Ended });
    before = date;
  }
  sync($("transcript"), shown, (item) => item.Id, (item) => render(item, chat));
  keepTranscript();
}

function showChat(chat) {
  $("chat-title").textContent = chat ? visible(chat.Customer.DisplayName) : "No chat";
  $("contact-id").textContent = chat?.ContactId ?? "";
  $("contact-id").hidden = $("chat-state").hidden = !chat;
  $("chat-state").textContent = chat?.Ended ? "Ended" : "Live";
  $("chat-state").classList.toggle("good", !chat?.Ended);
  const people = (chat?.Participants ?? []).filter((p) => p.ParticipantRole !== "SYSTEM" || p.Joined || p.Sockets > 0);
  sync($("people"), people.map((p) => ({ ...p, canConnect: !p.Left && !chat.Ended })), (p) => p.ParticipantId, person);
  const actors = chat?.Ended ? [] : people.filter((p) => !p.Left);
  const actor = $("actor").value;
  sync($("actor"), actors.map((p) => ({ id: p.ParticipantId, text: `${roleName(p.ParticipantRole)}: ${visible(p.DisplayName)}` })), (p) => p.id,
    (p) => make("option", { value: p.id }, p.text));
  const agent = actors.findLast((p) => p.ParticipantRole === "AGENT");
  $("actor").value = actors.some((p) => p.ParticipantId === actor) ? actor : (agent ?? actors[0])?.ParticipantId ?? "";
  for (const control of $("composer").elements) control.disabled = actors.length === 0;
  showTyping();
}

function person(p) {
  const token = make("button", { className: "quiet", title: "Copy the participant token" }, "Copy token");
  token.onclick = () => attempt(() => copy(p.ParticipantToken, token));
  const what = p.Left ? "left" : p.Joined ? `${p.Sockets} socket${p.Sockets === 1 ? "" : "s"}` : "not connected";
  return make("li", { className: "person " + side(p.ParticipantRole) },
    make("span", { className: p.Sockets ? "dot on" : "dot" }), make("b", {}, visible(p.DisplayName)),
    make("span", { className: "muted" }, `${roleName(p.ParticipantRole)}, ${what}`), p.canConnect ? token : null);
}

const roleName = (role) => ({ AGENT: "Agent", CUSTOMER: "Customer", SYSTEM: "System", CUSTOM_BOT: "Bot", SUPERVISOR: "Supervisor" })[role] ?? visible(role);

const side = (role) => (role === "CUSTOMER" ? "customer" : role === "AGENT" || role === "SUPERVISOR" ? "agent" : "system");

function render(item, chat) {
  if (item.date) return make("li", { className: "event date" }, item.date);
  if (item.Type === "EVENT") return make("li", { className: "event" }, eventText(item), " ", timeOf(item));
  const author = make("div", { className: "author" }, make("b", {}, visible(item.DisplayName)), " ", make("span", { className: "muted" }, roleName(item.ParticipantRole)), " ", timeOf(item));
  return make("li", { className: "message " + side(item.ParticipantRole) }, author, content(item, chat), status(item, chat));
}

function content(item, chat) {
  if (item.Attachments) return make("div", {}, ...item.Attachments.map(file));
  const message = item.ContentType === "application/vnd.amazonaws.connect.message.interactive"
    ? interactive(item.Content, (text) => attempt(() => act("customer", "messages", { Content: text }, chat))) : null;
  if (message) return message;
  const type = item.ContentType === "text/plain" ? null : make("small", { className: "type" }, visible(item.ContentType));
  const long = (item.Content ?? "").length > 600;
  return make("div", { className: long ? "bubble long" : "bubble", dir: "auto", tabIndex: long ? 0 : -1 }, type, make("bdi", {}, item.Content ?? ""));
}

function file(attachment) {
  return make("div", { className: "bubble file" }, make("b", {}, visible(attachment.AttachmentName)),
    make("span", { className: "muted" }, `${visible(attachment.ContentType)} · ${visible(attachment.Status).toLowerCase().replace("_", " ")}`));
}

function status(item, chat) {
  const metadata = item.MessageMetadata ?? {};
  const parts = [];
  if (metadata.MessageProcessingStatus) parts.push(metadata.MessageProcessingStatus.toLowerCase());
  for (const receipt of metadata.Receipts ?? []) {
    const who = visible(chat.Participants.find((p) => p.ParticipantId === receipt.RecipientParticipantId)?.DisplayName ?? "another participant");
    if (receipt.ReadTimestamp) parts.push(`✓✓ Read by ${who} ${clockTime(receipt.ReadTimestamp)}`);
    else if (receipt.DeliveredTimestamp) parts.push(`✓ Delivered to ${who} ${clockTime(receipt.DeliveredTimestamp)}`);
  }
  return parts.length ? make("div", { className: "receipt" }, parts.join(" · ")) : null;
}

function eventText(item) {
  const name = (item.ContentType ?? "").replace(eventPrefix, "");
  const who = visible(item.DisplayName);
  const text = {
    "participant.joined": `${who} joined`, "participant.left": `${who} left`, "participant.invited": `${who} was invited`,
    "chat.ended": "The chat ended", "transfer.succeeded": "Transferred", "transfer.failed": "The transfer failed",
  }[name];
  return text ?? visible(name);
}

const timeOf = (item) => make("time", { dateTime: item.AbsoluteTime ?? "" }, clockTime(item.AbsoluteTime ?? ""));

// typed shows who is typing. Typing isn't in the transcript, only in the frames.
export function typed(event) {
  if (event.Operation === "SendEvent" || event.ContentType !== eventPrefix + "typing" || event.ContactId !== state.chat?.ContactId) return;
  get("wire/" + event.Sequence).then(({ Body }) => {
    const item = JSON.parse(JSON.parse(Body).content);
    types(item.ParticipantId);
  }).catch(() => {}); // a frame that isn't an item, or has been discarded
}

function types(participantId) {
  typists.set(participantId, Date.now() + typingFor);
  showTyping();
  setTimeout(showTyping, typingFor + 50);
}

function showTyping() {
  const names = (state.chat?.Participants ?? []).filter((p) => typists.get(p.ParticipantId) > Date.now()).map((p) => visible(p.DisplayName));
  const text = state.chat?.Ended || names.length === 0 ? "" : `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`;
  if ($("typing").textContent !== text) $("typing").textContent = text;
}

async function act(participantId, what, body, chat = state.chat) {
  const out = await post(`chats/${chat.ContactId}/participants/${participantId}/${what}`, body);
  await refresh();
  return out;
}

const actions = {
  type: async (actor) => {
    await act(actor, "typing");
    types(actor);
  },
  read: async (actor) => {
    const { Items } = await get(`chats/${state.chat.ContactId}/items`);
    const item = Items.findLast((candidate) => candidate.Type !== "EVENT" && candidate.ParticipantId !== actor);
    if (!item) throw new Error("there is no message of the other side");
    await act(actor, "mark-read", { MessageId: item.Id });
  },
  file: async () => $("file").click(),
  idle: (actor) => act(actor, "idle"),
  leave: (actor) => act(actor, "leave"),
  picker: () => act("system", "messages", listPicker),
  transfer: async () => {
    await post(`chats/${state.chat.ContactId}/transfer`, { DisplayName: "Second agent" });
    await refresh();
  },
  end: async () => {
    await post(`chats/${state.chat.ContactId}/end`);
    await refresh();
  },
};

for (const button of document.querySelectorAll("[data-act]")) button.onclick = () => attempt(() => actions[button.dataset.act]($("actor").value));

$("file").onchange = () => attempt(async () => {
  const [chosen] = $("file").files;
  if (!chosen) return;
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(chosen);
  });
  $("file").value = "";
  await act($("actor").value, "files", {
    AttachmentName: chosen.name, ContentType: chosen.type || "application/octet-stream", ContentInBase64: url.slice(url.indexOf(",") + 1),
  });
});

$("composer").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (text.trim() === "") return;
  attempt(async () => {
    await act($("actor").value, "messages", { Content: text });
    typists.delete($("actor").value);
    if ($("text").value === text) $("text").value = "";
    showTyping();
    keepTranscript(true);
  });
};

$("text").onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
};

$("contact-id").onclick = () => attempt(() => copy($("contact-id").textContent, $("contact-id")));

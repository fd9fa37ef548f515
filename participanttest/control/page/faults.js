// SPDX-License-Identifier: Apache-2.0

import { attempt, get, post, remove } from "./api.js";
import { refresh, state } from "./app.js";
import { $, make, sync, visible } from "./dom.js";

const operations = ["SendMessage", "SendEvent", "GetTranscript", "CreateParticipantConnection", "DisconnectParticipant", "StartAttachmentUpload",
  "CompleteAttachmentUpload", "GetAttachment", "DescribeView", "StartChatContact", "upgrade", "upload", "download"];

// describeEffect describes an effect in words.
export function describeEffect(effect) {
  switch (effect.Name) {
    case "Fail": return `${effect.Status} ${visible(effect.Code)}`.trim();
    case "Respond": return `${effect.Status} with another body`;
    case "Delay": return `delayed by ${effect.DelayInSeconds} s`;
    case "DropBefore": return "connection cut before anything was done";
    case "DropAfter": return "done, and the connection cut without a response";
    case "Truncate": return "done, and the response cut in the middle";
    case "Ignore": return "no response";
    case "Refuse": return "subscription refused";
    case "GatewayError": return "error of the gateway";
    case "Close": return effect.CloseCode ? `closed with ${effect.CloseCode}` : "connection reset";
    case "Silent": return "the socket is silent from here on";
    case "Unread": return "the socket isn’t read from here on";
    case "Blackhole": return "the socket is dead from here on";
    case "Lose": return "push lost";
    case "Duplicate": return "pushed twice";
    case "Reorder": return "held back until after the next push";
    case "Lag": return `hidden from the transcript for ${effect.DelayInSeconds} s`;
    case "LagForever": return "hidden from the transcript";
    default: return visible(effect.Name);
  }
}

// targets are what a fault, or an action on sockets and tokens, can apply to.
const targets = () => [{ id: "chat", text: "This chat" }, { id: "", text: "All chats" },
  ...(state.chat?.Participants ?? []).filter((p) => p.ParticipantRole !== "SYSTEM").map((p) => ({ id: p.ParticipantId, text: visible(p.DisplayName) }))];

export async function refreshFaults() {
  const option = (o) => make("option", { value: o.id }, o.text);
  const before = $("fault-for").value;
  sync($("fault-for"), targets(), (t) => t.id, option);
  $("fault-for").value = targets().some((t) => t.id === before) && $("fault-for").dataset.set ? before : "chat";
  $("fault-for").dataset.set = "1";
  const { Faults } = await get("faults");
  $("fault-count").textContent = Faults.length || "";
  $("clear-faults").disabled = Faults.length === 0;
  sync($("fault-list"), Faults.length ? Faults : [{ FaultId: 0 }], (fault) => String(fault.FaultId), item);
}

function item(fault) {
  if (fault.FaultId === 0) return make("li", { className: "empty" }, "No faults.");
  const about = state.chats.find((chat) => chat.ContactId === fault.ContactId);
  const p = about?.Participants.find((q) => q.ParticipantId === fault.ParticipantId);
  const who = p ? `of ${visible(p.DisplayName)}` : about ? `in the chat of ${visible(about.Customer.DisplayName)}` : "in all chats";
  const applied = fault.Times ? `${fault.Applied} of ${fault.Times}` : `${fault.Applied}`;
  return make("li", { className: fault.Times && fault.Applied >= fault.Times ? "spent" : "" },
    make("span", {}, make("b", {}, `${fault.FaultId}: ${describeEffect(fault.Effect)}`), ` on ${fault.On ?? "every operation"} ${who}, applied ${applied}`),
    make("button", { className: "quiet", ariaLabel: `Remove fault ${fault.FaultId}`, onclick: () => change(() => remove("faults/" + fault.FaultId)) }, "Remove"));
}

const change = (act) => attempt(async () => {
  await act();
  await refresh();
});

const effects = {
  throttle: () => ({ Effect: { Name: "Fail", Status: 429, Code: "ThrottlingException" } }),
  delay: () => ({ Effect: { Name: "Delay", DelayInSeconds: Number($("fault-seconds").value) } }),
  drop: () => ({ Effect: { Name: "DropAfter" } }),
  lose: () => ({ On: "push", Effect: { Name: "Lose" } }),
  silent: () => ({ On: "push", Effect: { Name: "Silent" } }),
};

function inject(name) {
  const fault = { On: $("fault-on").value, Times: Number($("fault-times").value), ...effects[name]() };
  const target = $("fault-for").value;
  if (target !== "") fault.ContactId = state.chat?.ContactId ?? "";
  if (target !== "" && target !== "chat") fault.ParticipantId = target;
  return post("faults", fault);
}

const now = { cut: "close-sockets", expire: "expire-tokens" };

// affect changes the sockets or tokens of all selected participants who haven't left.
async function affect(name) {
  const target = $("fault-for").value;
  const chats = target === "" ? state.chats : state.chats.filter((chat) => chat.ContactId === state.chat?.ContactId);
  for (const chat of chats.filter((c) => !c.Ended)) {
    for (const p of chat.Participants.filter((q) => !q.Left && (target === "" || target === "chat" || target === q.ParticipantId))) {
      await post(`chats/${chat.ContactId}/participants/${p.ParticipantId}/${now[name]}`);
    }
  }
}

$("fault-on").append(...operations.map((name) => make("option", { value: name }, name)), make("option", { value: "" }, "every operation"));
for (const button of document.querySelectorAll("[data-fault]")) button.onclick = () => change(() => inject(button.dataset.fault));
for (const button of document.querySelectorAll("[data-now]")) button.onclick = () => change(() => affect(button.dataset.now));
$("clear-faults").onclick = () => change(() => remove("faults"));
$("inject").onsubmit = (event) => event.preventDefault();

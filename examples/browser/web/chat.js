// SPDX-License-Identifier: Apache-2.0

// The page of a chat: shows the server's events, and posts the visitor's actions.
// Nothing from the chat is ever parsed as HTML.

import { Messages } from "./messages.js";

const $ = (id) => document.getElementById(id);
const messages = new Messages($("messages"));
const typists = new Map(); // timers, by participant

let source; // of server-sent events
let streaming = false;
let connected = true; // whether the server is connected to the service
let over = false;
let unread; // the newest message that hasn't been marked as read

const handlers = {
  reset() {
    messages.clear();
    setOver(false);
    setAgent("");
    connected = true;
  },
  message(event) {
    messages.show(event);
    stopTyping(event.from);
    if (event.own || event.partial) return;
    if (!event.system) setAgent(event.name);
    unread = event.id;
    markRead();
  },
  receipt: (event) => messages.receipt(event),
  typing(event) {
    stopTyping(event.from);
    typists.set(event.from, { name: event.name, timer: setTimeout(stopTyping, 12_000, event.from) });
    showTyping();
  },
  notice(event) {
    const text = notice(event);
    if (event.what === "joined" && !event.own && !event.system) setAgent(event.name);
    if (event.what === "left") stopTyping(event.from);
    if (text) messages.notice(event, text);
  },
  connection(event) {
    connected = Boolean(event.connected);
  },
  ended(event) {
    setOver(true, event.gap);
  },
};

function notice({ what, name, own }) {
  const who = own ? "You" : name || "Someone";
  switch (what) {
    case "joined": return own ? "" : `${who} joined`;
    case "left": return own ? "" : `${who} left`;
    case "idle": return own ? "Are you still there?" : "";
    case "autodisconnection": return `${who} ${own ? "were" : "was"} away for too long`;
    case "transferred": return "You are being transferred to a colleague";
    default: return "";
  }
}

// The stream of events.

async function join(again = false) {
  const response = await post(again ? "join?again" : "join").catch(() => undefined);
  if (!response?.ok) {
    setBanner((await response?.text()) || "The chat can't be reached. Trying again…");
    setTimeout(join, 3000, again);
    return;
  }
  listen();
}

function listen() {
  source?.close();
  source = new EventSource("events");
  source.onopen = () => { streaming = true; showConnection(); };
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    handlers[event.type]?.(event);
    showConnection();
  };
  source.onerror = () => {
    streaming = false;
    showConnection();
    // The server refused: it was restarted and doesn't know the visitor any more.
    if (source.readyState === EventSource.CLOSED && !over) setTimeout(join, 1000);
  };
}

function post(path, body, type = "application/json") {
  return fetch(path, { method: "POST", body, headers: body === undefined ? {} : { "Content-Type": type } });
}

const postJSON = (path, value) => post(path, JSON.stringify(value));

// Everything on the page other than messages.

function showConnection() {
  const online = streaming && connected && !over;
  document.body.classList.toggle("online", online);
  $("status").textContent = over ? "Chat ended" : online ? "Online" : "Reconnecting…";
  $("leave").hidden = over || !online;
  setBanner(online || over ? "" : "The connection was lost. Reconnecting…");
}

function setBanner(text) {
  $("banner").textContent = text;
  $("banner").hidden = !text;
}

function setAgent(name) {
  $("title").textContent = name || "Chat with us";
  $("avatar").textContent = [...(name || "?")][0].toUpperCase();
}

function setOver(ended, gap = false) {
  over = ended;
  $("composer").hidden = ended;
  $("over").hidden = !ended;
  $("why").textContent = gap ? "The chat has ended. The last messages may be missing." : "The chat has ended.";
  if (!ended) return;
  for (const from of [...typists.keys()]) stopTyping(from);
  source?.close();
}

function stopTyping(from) {
  clearTimeout(typists.get(from)?.timer);
  typists.delete(from);
  showTyping();
}

function showTyping() {
  const names = [...typists.values()].map(({ name }) => name || "Someone");
  $("typing").hidden = names.length === 0;
  $("typist").textContent = `${names.join(" and ")} ${names.length > 1 ? "are" : "is"} typing`;
  messages.follow();
}

function markRead() {
  if (!unread || document.hidden) return;
  postJSON("read", { id: unread }).catch(() => {}); // the next one includes it
  unread = undefined;
}

// Actions of the visitor.

function sendText(text) {
  messages.pend({ text }, () => postJSON("messages", { text }));
}

function sendFile(file) {
  messages.pend({ file: file.name }, () => post(`files?name=${encodeURIComponent(file.name)}`, file, file.type || "application/octet-stream"));
}

function typed() {
  const text = $("text").value;
  $("send").disabled = !text.trim();
  if (text) sendTyping();
}

let sentTyping = 0;
function sendTyping() {
  if (Date.now() - sentTyping < 3000) return;
  sentTyping = Date.now();
  post("typing").catch(() => {}); // the next key sends it again
}

/** The first click asks on the button itself, for a few seconds; the second click confirms. */
function confirmedLeaving() {
  const button = $("leave");
  if (button.dataset.asked) return true;
  button.dataset.asked = "yes";
  button.textContent = "End the chat?";
  setTimeout(() => {
    delete button.dataset.asked;
    button.textContent = "End chat";
  }, 4000);
  return false;
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  sendText(text);
  $("text").value = "";
  typed();
});

$("text").addEventListener("input", typed);
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});
$("text").addEventListener("paste", (event) => [...event.clipboardData.files].forEach(sendFile));
$("attach").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  [...$("file").files].forEach(sendFile);
  $("file").value = "";
});
$("leave").addEventListener("click", () => {
  if (!confirmedLeaving()) return;
  post("leave").catch(() => setBanner("The chat could not be ended. Please try again."));
});
$("again").addEventListener("click", () => join(true));
document.addEventListener("visibilitychange", markRead);

join();

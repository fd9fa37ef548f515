// SPDX-License-Identifier: Apache-2.0

import { attempt, get, post } from "./api.js";
import { showChats } from "./chats.js";
import { openChat, refreshChat, typed } from "./chat.js";
import { $, copy } from "./dom.js";
import { refreshFaults } from "./faults.js";
import { addEvents, newestExpiry, restartWire, showRows } from "./wire.js";

// state is shared by the panels.
export const state = { chats: [], chat: null, offset: 0 };

let refreshing = null;
let again = false;

// refresh reads everything but the wire. All calls during a refresh cause a single further one.
export function refresh() {
  if (refreshing) {
    again = true;
    return refreshing;
  }
  refreshing = read().finally(() => {
    refreshing = null;
    if (again) {
      again = false;
      setTimeout(refresh, 150);
    }
  });
  return refreshing;
}

async function read() {
  try {
    const [server, { Chats }] = await Promise.all([get("server"), get("chats")]);
    state.offset = Date.parse(server.Now) - Date.now();
    $("endpoint").textContent = server.Endpoint;
    state.chats = Chats;
    if (!Chats.some((chat) => chat.ContactId === state.chat?.ContactId)) select(wanted() ?? Chats.at(-1)?.ContactId, false);
    state.chat = Chats.find((chat) => chat.ContactId === state.chat?.ContactId) ?? null;
    showChats(state.chats, state.chat, select);
    await Promise.all([refreshChat(state.chat), refreshFaults()]);
    status("Live", true);
  } catch {
    status("Disconnected", false);
  }
}

const wanted = () => state.chats.find((chat) => "#" + chat.ContactId === location.hash)?.ContactId;

export function select(contactId, show = true) {
  state.chat = state.chats.find((chat) => chat.ContactId === contactId) ?? null;
  if (contactId) history.replaceState(null, "", "#" + contactId);
  openChat(state.chat);
  showRows();
  if (show) {
    panel("chat");
    refresh();
  }
}

function status(text, good) {
  if ($("status").textContent !== text) $("status").textContent = text;
  $("status").classList.toggle("good", good);
}

// followWire shows each event as it arrives, and refreshes what it may have changed.
async function followWire() {
  let after = 0;
  let lost = false;
  for (;;) {
    try {
      if (lost && await hasRestarted(after)) {
        restartWire();
        after = 0;
      }
      lost = false;
      const { Events } = await get(`wire?After=${after}&TimeoutInSeconds=25`);
      if (Events.length === 0) continue;
      after = Events.at(-1).Sequence;
      addEvents(Events);
      Events.forEach(typed);
      refresh();
    } catch {
      lost = true;
      status("Disconnected", false);
      await pause(1000);
    }
  }
}

// hasRestarted reports whether the fake has been replaced: a new one counts its events from 1.
const hasRestarted = async (after) => ((await get("wire")).Events.at(-1)?.Sequence ?? 0) < after;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// poll finds the changes that others make through the control API. A fake with many chats is polled less
// often.
async function poll() {
  for (;;) {
    const start = performance.now();
    if (!document.hidden) await refresh();
    await pause(Math.min(10_000, Math.max(1500, 4 * (performance.now() - start))));
  }
}

function panel(name) {
  document.body.dataset.panel = name;
  for (const tab of document.querySelectorAll("[data-show]")) tab.setAttribute("aria-pressed", tab.dataset.show === name);
}

function tick() {
  const [date, time] = new Date(Date.now() + state.offset).toISOString().split("T");
  $("date").textContent = date;
  $("time").textContent = time.slice(0, 8) + " UTC";
}

const advance = (seconds) => attempt(async () => {
  await post("clock/advance", { Seconds: seconds });
  await refresh();
  tick();
});

for (const tab of document.querySelectorAll("[data-show]")) tab.onclick = () => panel(tab.dataset.show);
for (const button of document.querySelectorAll("[data-advance]")) button.onclick = () => advance(Number(button.dataset.advance));
$("past-expiry").onclick = () => attempt(async () => {
  const expiry = await newestExpiry();
  const { Now } = await get("clock");
  await advance(expiry > Date.parse(Now) ? (expiry - Date.parse(Now)) / 1000 + 1 : 86_400);
});
$("endpoint").onclick = () => attempt(() => copy($("endpoint").textContent, $("endpoint")));
$("new-chat").onclick = () => attempt(async () => {
  const { ContactId } = await post("chats");
  await refresh();
  select(ContactId);
});
window.onhashchange = () => wanted() && select(wanted());
panel("chat");
setInterval(tick, 250);
poll();
followWire();

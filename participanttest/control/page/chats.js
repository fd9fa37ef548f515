// SPDX-License-Identifier: Apache-2.0

import { $, make, sync, visible } from "./dom.js";

// most is the number of chats that each list shows, newest first.
const most = 200;

// fewChats need no filter.
const fewChats = 10;

export function showChats(chats, current, select) {
  const filter = $("by-chat");
  filter.hidden = chats.length <= fewChats && filter.value === "";
  filter.oninput = () => showChats(chats, current, select);
  show("live", chats.filter((chat) => !chat.Ended), current, select);
  show("ended", chats.filter((chat) => chat.Ended), current, select);
}

function show(id, chats, current, select) {
  $(id + "-count").textContent = chats.length;
  const text = $("by-chat").value.trim().toLowerCase();
  const matches = (chat) => [chat.Customer.DisplayName, agentOf(chat).DisplayName, chat.ContactId, chat.CurrentContactId].some((s) => s.toLowerCase().includes(text));
  const shown = chats.filter(matches).slice(-most).reverse().map((chat) => ({
    id: chat.ContactId, customer: chat.Customer.DisplayName, agent: agentOf(chat).DisplayName,
    sockets: chat.Participants.reduce((sum, participant) => sum + participant.Sockets, 0), current: chat.ContactId === current?.ContactId,
  }));
  sync($(id), shown, (chat) => chat.id, (chat) => make("li", {},
    make("button", { className: "chat-entry", aria: { current: chat.current }, onclick: () => select(chat.id) },
      make("span", { className: chat.sockets ? "dot on" : "dot", title: chat.sockets ? `${chat.sockets} sockets` : "No socket" }),
      make("span", { className: "names" }, visible(chat.customer), make("small", {}, "with ", visible(chat.agent))),
      make("code", {}, chat.id.slice(0, 8)))));
}

// agentOf returns the current agent of the chat.
export const agentOf = (chat) => chat.Participants.findLast((p) => p.ParticipantRole === "AGENT" && !p.Left) ?? chat.Agent;

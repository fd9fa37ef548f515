// SPDX-License-Identifier: Apache-2.0

import { get } from "./api.js";
import { state } from "./app.js";
import { detail } from "./detail.js";
import { describeEffect } from "./faults.js";
import { $, dateOf, exactTime, keepEnd, make, visible } from "./dom.js";

// most is the number of rows that are kept.
const most = 1000;

// rows are the rows of the table: a frame, or a request with its response.
let rows = [];
let byExchange = new Map();
let hiddenUpTo = 0;
const keepRows = keepEnd($("wire-scroll"));

export function restartWire() {
  rows = [];
  byExchange = new Map();
  hiddenUpTo = 0;
  $("rows").replaceChildren();
}

export function addEvents(events) {
  for (const event of events) add(event);
  for (const old of rows.splice(0, Math.max(0, rows.length - most))) {
    byExchange.delete(old.first.Exchange);
    old.element.remove();
  }
  showDates();
  showEmpty();
  keepRows();
}

function add(event) {
  const request = event.Kind === "RESPONSE" ? byExchange.get(event.Exchange) : undefined;
  if (request) {
    request.response = event;
    const old = request.element;
    const focused = old.contains(document.activeElement);
    request.element = render(request);
    old.replaceWith(request.element);
    if (focused) request.element.querySelector("button").focus();
    request.element.hidden = !matches(request);
    return;
  }
  const row = { first: event, response: event.Kind === "RESPONSE" ? event : null };
  row.element = render(row);
  row.element.hidden = !matches(row);
  rows.push(row);
  if (event.Kind === "REQUEST") byExchange.set(event.Exchange, row);
  $("rows").append(row.element);
}

const frameNames = { push: "push", close: "close", "": "frame" };

// whole returns all that is known about a row: a response has more than its request.
const whole = (row) => ({ ...row.first, ...row.response, Url: row.first.Url, Method: row.first.Method });

function render(row) {
  const event = whole(row);
  const pending = row.first.Kind === "REQUEST" && !row.response;
  const failed = isError(row);
  const button = make("button", { className: "open", onclick: () => detail(row.first, row.response, nameOf(event), button) }, nameOf(event));
  const operation = make("td", {}, make("span", { className: "way", title: way(row) }, event.Kind === "FRAME" ? (row.first.FromClient ? "→" : "←") : "⇄"), button,
    event.ErrorCode ? make("small", {}, visible(event.ErrorCode)) : null,
    event.ContentType ? make("small", {}, visible(event.ContentType.replace("application/vnd.amazonaws.connect.", ""))) : null);
  if (event.Fault) operation.append(make("div", { className: "applied" }, `Fault ${event.Fault.FaultId}: ${describeEffect(event.Fault.Effect)}`));
  const status = pending ? "…" : event.Lost ? "lost" : event.Kind === "FRAME" ? (event.Status || "") : event.Status || "none";
  const tr = make("tr", { className: [failed ? "error" : "", event.Fault ? "fault" : ""].join(" ") },
    time(row.first), who(event), operation, make("td", { className: "state" }, String(status)),
    make("td", { className: "number" }, String(event.Size)));
  tr.onclick = (click) => click.target !== button && button.click();
  return tr;
}

function time(event) {
  const text = exactTime(event.Time);
  return make("td", { className: "mono" }, text.slice(0, 8), make("span", { className: "wide" }, text.slice(8)));
}

const way = (row) => (row.first.Kind !== "FRAME" ? "Request and response" : row.first.FromClient ? "From the client" : "To the client");

const nameOf = (event) => (event.Kind === "FRAME" ? frameNames[event.Operation ?? ""] ?? event.Operation : event.Operation ?? `${event.Method ?? ""} ${visible(event.Url ?? "unknown")}`);

function who(event) {
  const p = state.chats.find((chat) => chat.Participants.some((q) => q.ParticipantId === event.ParticipantId))?.Participants.find((q) => q.ParticipantId === event.ParticipantId);
  const role = p?.ParticipantRole.toLowerCase().replace("custom_", "") ?? "";
  return make("td", { className: "who " + role }, p ? visible(p.DisplayName) : "–", event.Socket ? make("small", { title: `Socket ${event.Socket} of the participant` }, `#${event.Socket}`) : null);
}

function isError(row) {
  const event = whole(row);
  if (event.Lost) return true;
  if (event.Kind === "FRAME") return event.Operation === "close" ? event.Status !== 1000 : event.Operation === undefined;
  return row.response !== null && (event.Status === undefined || event.Status >= 400);
}

function matches(row) {
  const event = whole(row);
  const text = $("by-operation").value.trim().toLowerCase();
  const isHeartbeat = event.Operation === "aws/heartbeat" || event.Operation === "aws/ping";
  return event.Sequence > hiddenUpTo &&
    (text === "" || `${nameOf(event)} ${event.ContentType ?? ""} ${event.ErrorCode ?? ""}`.toLowerCase().includes(text)) &&
    (!$("only-errors").checked || isError(row)) &&
    (!$("only-chat").checked || event.ContactId === state.chat?.ContactId) &&
    (!$("no-heartbeats").checked || !isHeartbeat || event.Fault !== undefined);
}

// showRows applies the filters.
export function showRows() {
  for (const row of rows) row.element.hidden = !matches(row);
  showDates();
  showEmpty();
  keepRows();
}

// showDates divides the rows where the date changes, since a row has only a time: the clock was moved, or it is
// midnight.
function showDates() {
  for (const old of $("rows").querySelectorAll(".date")) old.remove();
  let before;
  for (const row of rows) {
    if (row.element.hidden) continue;
    const date = dateOf(row.first.Time);
    if (before && date !== before) row.element.before(make("tr", { className: "date" }, make("td", { colSpan: 5 }, date)));
    before = date;
  }
}

function showEmpty() {
  const none = rows.every((row) => row.element.hidden);
  $("no-rows").hidden = !none;
  $("no-rows").textContent = rows.length === 0 ? "Nothing yet. Point a client at the endpoint." : "Nothing matches the filters.";
}

// newestExpiry returns the expiry of the newest connection token in the recorded responses, or 0.
export async function newestExpiry() {
  for (const row of rows.toReversed()) {
    if (row.first.Operation !== "CreateParticipantConnection" || row.response?.Status !== 200) continue;
    const { Body } = await get("wire/" + row.response.Sequence);
    const expiry = Date.parse(JSON.parse(Body).ConnectionCredentials?.Expiry);
    if (expiry) return expiry;
  }
  return 0;
}

$("filters").oninput = () => showRows();
$("filters").onsubmit = (event) => event.preventDefault();
$("clear-wire").onclick = () => {
  hiddenUpTo = Math.max(0, ...rows.map((row) => whole(row).Sequence));
  showRows();
};

// The arrow keys select the previous or next row.
$("rows").onkeydown = (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("button.open")) return;
  event.preventDefault();
  const buttons = [...$("rows").querySelectorAll("tr:not([hidden]) button.open")];
  buttons[buttons.indexOf(event.target) + step]?.focus();
};

// SPDX-License-Identifier: Apache-2.0

import { attempt, get } from "./api.js";
import { $, exactTime, make, visible } from "./dom.js";
import { describeEffect } from "./faults.js";

let opener = null;
let asked = 0;

// detail shows a complete request with its response, or a frame.
export function detail(first, response, title, button) {
  opener = button;
  const question = ++asked;
  return attempt(async () => {
    const events = await Promise.all([first, response].filter((event, i) => event && (i === 0 || event !== first)).map((event) => get("wire/" + event.Sequence)));
    if (question !== asked) return; // another row has been selected in the meantime
    $("detail-title").textContent = visible(title);
    $("detail-body").replaceChildren(...events.map(section));
    $("detail").hidden = false;
    mark(button.closest("tr"));
    $("detail-body").scrollTop = 0;
    $("detail-title").focus();
  });
}

function section(event) {
  const heading = { REQUEST: "Request", RESPONSE: "Response", FRAME: event.FromClient ? "Frame from the client" : "Frame to the client" }[event.Kind];
  const line = event.Kind === "REQUEST" ? `${event.Method} ${event.Url}`
    : event.Kind === "RESPONSE" ? (event.Status ? `${event.Status} ${event.ErrorCode ?? ""}` : "No response") : event.Status ? `Close code ${event.Status}` : "";
  const headers = Object.entries(event.Header ?? {}).flatMap(([name, values]) => values.map((value) => make("div", {}, make("span", { className: "name" }, visible(name), ": "), visible(value))));
  return make("section", {},
    make("h4", {}, heading, make("span", { className: "muted" }, ` ${exactTime(event.Time)} · ${event.Size} bytes${event.Lost ? " · lost" : ""}`)),
    event.Fault ? make("p", { className: "applied" }, `Fault ${event.Fault.FaultId}: ${describeEffect(event.Fault.Effect)}`) : null,
    line.trim() ? make("p", { className: "mono" }, visible(line)) : null,
    headers.length ? make("details", { open: event.Kind === "REQUEST" }, make("summary", {}, `${headers.length} header fields`), make("div", { className: "headers mono" }, ...headers)) : null,
    event.Body ? make("pre", {}, visible(pretty(event.Body))) : make("p", { className: "muted" }, event.Size ? "The body isn’t text." : "No body."));
}

// pretty indents JSON, including JSON in a string, such as the content of a push.
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text, (name, value) => (name === "content" && typeof value === "string" ? parsed(value) : value)), null, 2);
  } catch {
    return text;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function mark(row) {
  document.querySelector("tr.selected")?.classList.remove("selected");
  row?.classList.add("selected");
  row?.scrollIntoView({ block: "nearest" });
}

function close() {
  $("detail").hidden = true;
  mark(null);
  asked++;
  if (opener?.isConnected) opener.focus();
}

$("close-detail").onclick = close;
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !$("detail").hidden) close();
});

// SPDX-License-Identifier: Apache-2.0

import { $, make } from "./dom.js";

// call makes a request to the control API.
export async function call(method, path, body, signal) {
  const response = await fetch("/_control/v1/" + path, {
    method, signal, headers: { "X-Participant-Control": "1" }, body: body && JSON.stringify(body),
  });
  const out = await response.json();
  if (!response.ok) throw new Error(out.message);
  return out;
}

export const get = (path, signal) => call("GET", path, undefined, signal);
export const post = (path, body) => call("POST", path, body);
export const remove = (path) => call("DELETE", path);

// attempt shows the error of what a button does.
export async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    const message = make("p", {}, error.message, make("button", { title: "Dismiss", ariaLabel: "Dismiss", onclick: () => message.remove() }, "×"));
    $("errors").append(message);
    while ($("errors").childElementCount > 3) $("errors").firstElementChild.remove();
    setTimeout(() => message.remove(), 10_000);
    return undefined;
  }
}

// SPDX-License-Identifier: Apache-2.0

import { make, visible } from "./dom.js";

// listPicker is the message that the button sends.
export const listPicker = {
  ContentType: "application/vnd.amazonaws.connect.message.interactive",
  Content: JSON.stringify({
    templateType: "ListPicker", version: "1.0",
    data: {
      replyMessage: { title: "Thanks for selecting!" },
      content: {
        title: "What can we help you with?", subtitle: "Tap to select an option",
        elements: [
          { title: "Track an order", subtitle: "See where a parcel is" },
          { title: "Return an item", subtitle: "Within 30 days" },
          { title: "Talk to somebody", subtitle: "Now or later" },
        ],
      },
    },
  }),
};

// interactive shows an interactive message with its choices as buttons, which the customer can
// choose by. It returns null for one that it can't read.
export function interactive(text, choose) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  const content = message?.data?.content;
  if (typeof content !== "object" || content === null) return null;
  const kind = String(message.templateType ?? "");
  return make("div", { className: "bubble card" }, make("small", { className: "type" }, visible(kind)), ...card(content, choose));
}

function card(content, choose) {
  const parts = [];
  if (typeof content.title === "string") parts.push(make("b", { dir: "auto" }, visible(content.title)));
  if (typeof content.subtitle === "string") parts.push(make("span", { className: "muted", dir: "auto" }, visible(content.subtitle)));
  if (typeof content.viewId === "string") parts.push(make("code", {}, visible(content.viewId)));
  const list = [content.elements, content.timeslots].find(Array.isArray) ?? [];
  const choices = list.filter((element) => typeof element === "object" && element !== null).map((element) => choice(element, choose));
  if (choices.length > 0) parts.push(make("div", { className: "choices" }, ...choices));
  return parts;
}

function choice(element, choose) {
  const inner = element.data?.content; // of a carousel
  if (typeof inner === "object" && inner !== null) return make("div", { className: "card" }, ...card(inner, choose));
  const value = String(element.title ?? element.date ?? "");
  const subtitle = typeof element.subtitle === "string" ? make("small", {}, visible(element.subtitle)) : null;
  return make("button", { type: "button", title: "Choose as the customer", onclick: () => choose(value) }, visible(value), subtitle);
}

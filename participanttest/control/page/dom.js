// SPDX-License-Identifier: Apache-2.0

export const $ = (id) => document.getElementById(id);

// make creates an element. Contents are text, never HTML.
export function make(tag, properties = {}, ...children) {
  const { data, aria, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute("aria-" + name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// sync updates the children of a list to match items. A child whose item hasn't changed stays, with
// its focus; a screen reader announces only the others.
export function sync(list, items, key, render) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let next = list.firstElementChild;
  for (const item of items) {
    const state = JSON.stringify(item);
    let child = before.get(key(item));
    before.delete(key(item));
    if (child?.shown !== state) {
      const fresh = render(item);
      fresh.dataset.key = key(item);
      fresh.shown = state;
      if (child) replace(child, fresh);
      if (child === next && child) next = fresh;
      child = fresh;
    }
    if (child === next) next = next.nextElementSibling;
    else list.insertBefore(child, next);
  }
  for (const old of before.values()) old.remove();
}

// replace keeps the focus on the button that had it.
function replace(old, fresh) {
  const at = [...old.querySelectorAll("button")].indexOf(document.activeElement);
  old.replaceWith(fresh);
  if (at >= 0) fresh.querySelectorAll("button")[at]?.focus();
}

// keepEnd keeps the end of a list in view until the user scrolls away from it. It returns a
// function to call after a change.
export function keepEnd(element) {
  let atEnd = true;
  const keep = (always = false) => {
    if (atEnd || always) element.scrollTop = element.scrollHeight;
  };
  element.addEventListener("scroll", () => {
    atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
  });
  new ResizeObserver(() => keep()).observe(element);
  return keep;
}

// visible makes characters visible that reorder the text around them.
export const visible = (text) =>
  String(text ?? "").replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => `⟨U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);

export const clockTime = (time) => time.slice(11, 19);

// exactTime has milliseconds, which RFC 3339 may leave out.
export const exactTime = (time) => new Date(time).toISOString().slice(11, 23);

export const dateOf = (time) => new Date(time).toISOString().slice(0, 10);

export async function copy(text, button) {
  await navigator.clipboard.writeText(text);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1200);
}

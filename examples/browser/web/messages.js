// SPDX-License-Identifier: Apache-2.0

// The list of messages. Its elements have times and are in the order of these.

const SVG = "http://www.w3.org/2000/svg";
const groupGap = 5 * 60_000; // the pause after which name and time are shown again

export class Messages {
  #list;
  #shown = new Map(); // elements, by message id
  #receipts = new Map(); // "read" or "delivered", by message id
  #pending = new Set(); // elements of messages being sent
  #following = true; // whether the newest message is in view
  #arranging = false;

  constructor(list) {
    this.#list = list;
    list.addEventListener("scroll", () => {
      this.#following = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    }, { passive: true });
    new ResizeObserver(() => this.follow()).observe(list);
  }

  /** Removes everything from the server. Messages that couldn't be sent stay. */
  clear() {
    for (const element of [...this.#list.children]) {
      if (!this.#pending.has(element)) element.remove();
    }
    this.#shown.clear();
    this.#receipts.clear();
  }

  /** Shows a message, and replaces an earlier state of it. */
  show(event) {
    const element = draw(event);
    const earlier = this.#shown.get(event.id);
    if (event.own) this.#arrived(event);
    this.#shown.set(event.id, element);
    if (earlier) {
      element.classList.add("again");
      earlier.remove();
    }
    this.#insert(element, Date.parse(event.time));
  }

  notice(event, text) {
    if (this.#shown.has(event.id)) return;
    const element = make("li", "notice", text);
    this.#shown.set(event.id, element);
    this.#insert(element, Date.parse(event.time));
  }

  receipt({ id, what }) {
    if (this.#receipts.get(id) === "read") return;
    this.#receipts.set(id, what);
    this.#arrange();
  }

  /** Shows a message being sent until it arrives. send returns a promise like fetch. */
  async pend({ text = "", file = "" }, send) {
    const element = make("li", "message own pending");
    element.append(by("", Date.now()), make("div", "bubble", text || `Sending ${file}…`), make("div", "state", "Sending…"));
    Object.assign(element, { text, file });
    this.#pending.add(element);
    this.#following = true;
    this.#insert(element, Infinity);
    const response = await send().catch(() => undefined);
    if (response?.ok || !this.#pending.has(element)) return;
    const why = (await response?.text().catch(() => "")) || "The server can't be reached.";
    this.#failed(element, why.trim(), () => this.pend({ text, file }, send));
  }

  /** Keeps the newest message in view if it was. */
  follow() {
    if (this.#following) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #failed(element, why, retry) {
    element.classList.replace("pending", "failed");
    const again = make("button", "", "Send again");
    again.type = "button";
    again.addEventListener("click", () => {
      this.#remove(element);
      retry();
    });
    element.querySelector(".state").replaceChildren(`Not sent. ${why} `, again);
    this.follow();
  }

  /** Removes the pending element of a message that has arrived. */
  #arrived({ text = "", files = [] }) {
    for (const element of this.#pending) {
      if (element.file ? files.some(({ name }) => name === element.file) : element.text === text) {
        this.#remove(element);
        return;
      }
    }
  }

  #remove(element) {
    this.#pending.delete(element);
    element.remove();
  }

  #insert(element, time) {
    element.time = time;
    let after = this.#list.lastElementChild;
    while (after && after.time > time) after = after.previousElementSibling;
    if (after) after.after(element);
    else this.#list.prepend(element);
    for (const image of element.querySelectorAll("img")) image.addEventListener("load", () => this.follow());
    this.#arrange();
  }

  /** Groups neighbors, with days above them and states below, once per frame. */
  #arrange() {
    if (this.#arranging) return;
    this.#arranging = true;
    setTimeout(() => {
      this.#arranging = false;
      this.#group();
      this.#showStates();
      this.follow();
    });
  }

  #group() {
    let previous;
    for (const element of this.#list.children) {
      const time = Number.isFinite(element.time) ? element.time : Date.now();
      const day = new Date(time).toDateString();
      const newDay = day !== previous?.day && (previous || day !== new Date().toDateString());
      if (newDay) element.dataset.day = new Date(time).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
      else delete element.dataset.day;
      const sender = element.classList.contains("own") ? "own" : element.from ?? element;
      const first = newDay || !previous || sender !== previous.sender || time - previous.time > groupGap;
      element.classList.toggle("first", first);
      previous?.element.classList.toggle("last", first);
      previous = { element, sender, time, day };
    }
    previous?.element.classList.add("last");
  }

  /** Shows the state of the newest own message, and of the newest one that was read. */
  #showStates() {
    let newest = true;
    let read = false;
    for (const element of [...this.#list.querySelectorAll(".own")].reverse()) {
      const state = this.#receipts.get(element.message);
      if (element.message) element.querySelector(".state").textContent = { read: "Read", delivered: "Delivered" }[state] ?? "Sent";
      element.classList.toggle("with-state", newest || (state === "read" && !read));
      newest = false;
      read ||= state === "read";
    }
  }
}

function draw(event) {
  const element = make("li", "message");
  element.classList.toggle("own", Boolean(event.own));
  element.classList.toggle("partial", Boolean(event.partial));
  element.classList.toggle("unknown", Boolean(event.unknown));
  element.from = event.from;
  element.message = event.id;
  const text = event.unknown ? "This message can't be shown here." : event.text;
  element.append(by(event.name || "Automatic message", Date.parse(event.time)), make("div", "bubble", text));
  for (const file of event.files ?? []) element.append(drawFile(file));
  element.append(make("div", "state"));
  return element;
}

function by(name, time) {
  const element = make("div", "by");
  element.append(make("span", "name", name));
  if (Number.isFinite(time)) element.append(clock(new Date(time)));
  return element;
}

function clock(at) {
  const element = make("time", "", at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" }));
  element.dateTime = at.toISOString();
  return element;
}

function drawFile({ id, name, status, image }) {
  const url = `attachments/${encodeURIComponent(id)}`;
  if (status === "APPROVED" && image) {
    const link = make("a", "picture");
    Object.assign(link, { href: url, target: "_blank", rel: "noopener", title: name });
    link.append(Object.assign(make("img"), { src: url, alt: name }));
    return link;
  }
  const approved = status === "APPROVED";
  const element = make(approved ? "a" : "div", "file");
  if (approved) Object.assign(element, { href: url, download: name });
  const what = make("span");
  const states = { APPROVED: "Download", REJECTED: "Refused by the virus scan" };
  what.append(make("b", "", name), make("small", "", states[status] ?? "Being checked…"));
  element.append(paper(), what);
  return element;
}

function paper() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", "M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5zM13.5 3v5.5H19M12 12v5m-2.2-2 2.2 2.2 2.2-2.2");
  svg.append(path);
  return svg;
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

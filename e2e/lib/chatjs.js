// SPDX-License-Identifier: Apache-2.0

// ChatJS sessions, each in a separate page: within one page ChatJS shares its client,
// its typing throttle and its socket between sessions.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";

import { openPage } from "./browser.js";

const file = createRequire(import.meta.url).resolve("amazon-connect-chatjs");
const code = readFileSync(file, "utf8");

/** Loads ChatJS in a new page and points it at the service. */
export function loadChatJS(endpoint, options) {
  const page = openPage(options);
  const names = Object.keys(page.globals);
  compileFunction(code, names, { filename: file })(...names.map((name) => page.globals[name]));
  const { connect } = page.globals;
  connect.ChatSession.setGlobalConfig({
    endpoint,
    region: "us-east-1",
    features: { messageReceipts: { shouldSendMessageReceipts: true, throttleTime: 1000 } },
    loggerConfig: { useDefaultLogger: false },
  });
  return { page, connect };
}

/** One side of a chat, with everything that ChatJS reported. */
export class Session {
  events = [];
  #waiting = new Set();

  constructor(endpoint, chat, type, options = {}) {
    const { page, connect } = loadChatJS(endpoint, options);
    this.page = page;
    this.connect = connect;
    const { participantToken } = chat[type.toLowerCase()];
    this.chat = connect.ChatSession.create({
      type,
      disableCSM: true, // metrics that go to AWS
      chatDetails: {
        contactId: chat.contactId,
        participantId: crypto.randomUUID(),
        participantToken,
        // An agent's page uses Streams, which isn't available here; ChatJS falls back on the participant token.
        getConnectionToken: options.getConnectionToken ?? (() => Promise.reject(new Error("no Streams"))),
      },
      websocketManager: options.websocketManager?.(connect),
    });
    for (const name of [
      "Message", "Typing", "ReadReceipt", "DeliveredReceipt", "ConnectionEstablished", "ConnectionLost", "ConnectionBroken",
      "Ended", "DeepHeartbeatSuccess", "DeepHeartbeatFailure", "AuthenticationInitiated", "ParticipantIdle", "ParticipantReturned",
    ]) {
      this.chat[`on${name}`]((event) => this.#report(name, event?.data));
    }
  }

  /** Connects and waits until the socket is open and subscribed. */
  async start() {
    const done = await this.chat.connect();
    // It is reported for the service's response, and again for the socket.
    await this.event("ConnectionEstablished", (_, index) => index === 1);
    await this.event("DeepHeartbeatSuccess");
    return done;
  }

  #report(name, data) {
    const index = this.events.filter((event) => event.name === name).length;
    const event = { name, data, index };
    this.events.push(event);
    this.#waiting.forEach((look) => look(event));
  }

  /** Resolves with the data of the first event of a name that matches, past or to come. */
  event(name, matches = () => true, seconds = 10) {
    const fits = (event) => event.name === name && matches(event.data, event.index);
    const past = this.events.find(fits);
    if (past) return Promise.resolve(past.data);
    return new Promise((resolve, reject) => {
      const give = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`no ${name} within ${seconds} s; there were ${this.events.map((event) => event.name).join(", ")}`));
      }, seconds * 1000);
      const look = (event) => {
        if (!fits(event)) return;
        clearTimeout(give);
        this.#waiting.delete(look);
        resolve(event.data);
      };
      this.#waiting.add(look);
    });
  }

  /** Resolves with the message of that text. */
  message(text) {
    return this.event("Message", (item) => item.Type === "MESSAGE" && item.Content === text);
  }

  all(name) {
    return this.events.filter((event) => event.name === name).map((event) => event.data);
  }

  say(message) {
    return this.chat.sendMessage({ message, contentType: "text/plain" });
  }

  close() {
    this.page.close();
  }
}

// SPDX-License-Identifier: Apache-2.0

// ChatJS: whole chats between a customer's page and an agent's page.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { loadChatJS, Session } from "./lib/chatjs.js";
import { openProxy } from "./lib/proxy.js";
import { connect, newClient } from "./lib/sdk.js";
import { schemes, serve } from "./lib/serve.js";

const event = (name) => `application/vnd.amazonaws.connect.event.${name}`;

describe("ChatJS", { timeout: 100_000, concurrency: true }, () => {
  let service;

  before(async () => {
    service = await serve("-chats", "16", "-agent", "none");
  });

  after(async () => {
    assert.deepEqual(await service?.stop(), { code: 0, signal: null });
  });

  /** Registers a test that gets a stage: chat pages that end with the test. */
  function onStage(name, run) {
    it(name, { timeout: 60_000 }, async () => {
      const stage = new Stage(service);
      try {
        await run(stage);
      } finally {
        stage.close();
      }
    });
  }

  onStage("connects both sides", async (stage) => {
    const { customer, agent } = await stage.both();
    assert.equal(customer.chat.controller.getConnectionStatus(), "Established");
    assert.equal(agent.all("ConnectionLost").length, 0);
    const joined = await customer.event("Message", (item) => item.ContentType === event("participant.joined") && item.ParticipantRole === "AGENT");
    assert.equal(joined.Type, "EVENT");
    assert.equal(joined.ContactId, stage.chat.contactId);
    assert.equal(joined.InitialContactId, stage.chat.contactId);
  });

  onStage("carries messages in both directions and back to their sender", async (stage) => {
    const { customer, agent } = await stage.both();
    const sent = await customer.say("Hello 👋 \"quoted\"\n\u0001");
    for (const side of [customer, agent]) {
      const item = await side.message("Hello 👋 \"quoted\"\n\u0001");
      assert.equal(item.Id, sent.data.Id);
      assert.equal(item.AbsoluteTime, sent.data.AbsoluteTime);
      assert.equal(item.ParticipantRole, "CUSTOMER");
      assert.equal(item.DisplayName, "Customer");
    }
    await agent.chat.sendMessage({ message: "**Hello**", contentType: "text/markdown" });
    assert.equal((await customer.message("**Hello**")).ParticipantRole, "AGENT");

    const many = Array.from({ length: 50 }, (_, i) => `line ${i}`);
    for (const text of many) await agent.say(text);
    await customer.message(many.at(-1));
    const got = customer.all("Message").filter((item) => item.Type === "MESSAGE").slice(2).map((item) => item.Content);
    assert.deepEqual(got, many);
  });

  onStage("carries the longest message", async (stage) => {
    const { customer, agent } = await stage.both();
    for (const text of ['"'.repeat(16_384), "\u0001".repeat(16_384)]) {
      await agent.say(text);
      await customer.message(text);
    }
  });

  onStage("shows typing", async (stage) => {
    const { customer, agent } = await stage.both();
    await customer.chat.sendEvent({ contentType: event("typing") });
    const typing = await agent.event("Typing");
    assert.equal(typing.ParticipantRole, "CUSTOMER");
    assert.equal(typing.DisplayName, "Customer");
    const { data } = await agent.chat.getTranscript({});
    assert.ok(!data.Transcript.some((item) => item.ContentType === event("typing")));
  });

  onStage("shows receipts to who wrote the message", async (stage) => {
    const { customer, agent } = await stage.both();
    const receipt = (name, messageId) => agent.chat.sendEvent({ contentType: event(name), content: JSON.stringify({ messageId }) });
    // ChatJS sends one ClientToken for all receipts of a kind; the second message shows that both arrive.
    for (const text of ["first", "second"]) {
      const { Id } = (await customer.say(text)).data;
      const about = (item) => item.MessageMetadata.MessageId === Id;
      await receipt("message.delivered", Id);
      const delivered = (await customer.event("DeliveredReceipt", about)).MessageMetadata;
      assert.ok(delivered.Receipts[0].DeliveredTimestamp);
      assert.equal(delivered.Receipts[0].ReadTimestamp, undefined);
      await receipt("message.read", Id);
      const read = (await customer.event("ReadReceipt", about)).MessageMetadata;
      assert.ok(read.Receipts[0].ReadTimestamp);
      assert.equal(read.Receipts[0].DeliveredTimestamp, delivered.Receipts[0].DeliveredTimestamp);
    }
    const { data } = await customer.chat.getTranscript({});
    for (const item of data.Transcript.filter(({ Type }) => Type === "MESSAGE")) {
      assert.ok(item.MessageMetadata.Receipts[0].ReadTimestamp, item.Content);
    }
  });

  onStage("sends a file and fetches it", async (stage) => {
    const { customer, agent } = await stage.both();
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    await customer.chat.sendAttachment({ attachment: new File([bytes], "photo.png", { type: "image/png" }) });
    for (const side of [customer, agent]) {
      const approved = (item) => item.Type === "ATTACHMENT" && item.Attachments[0].Status === "APPROVED";
      const { Attachments } = await side.event("Message", approved);
      const { AttachmentId: attachmentId, ...facts } = Attachments[0];
      assert.deepEqual(facts, { AttachmentName: "photo.png", ContentType: "image/png", Status: "APPROVED" });
      const blob = await side.chat.downloadAttachment({ attachmentId });
      assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), bytes);
      assert.match(await side.chat.getAttachmentURL({ attachmentId }), new RegExp(`^${schemes.http}://127\\.0\\.0\\.1:`));
    }
    const refused = customer.chat.sendAttachment({ attachment: new File(["MZ"], "setup.exe", { type: "application/x-msdownload" }) });
    await assert.rejects(refused, { type: "ValidationException", statusCode: 400 });
  });

  onStage("pages through the transcript", async (stage) => {
    const { customer, agent } = await stage.both();
    const said = Array.from({ length: 12 }, (_, i) => `message ${i}`);
    for (const text of said) await (stage.turn() ? customer : agent).say(text);
    const pages = [];
    let nextToken;
    do {
      const { data } = await agent.chat.getTranscript({ maxResults: 5, nextToken });
      pages.unshift(data.Transcript);
      nextToken = data.NextToken;
    } while (nextToken);
    assert.deepEqual(pages.map((page) => page.length), [4, 5, 5]);
    const items = pages.flat();
    assert.deepEqual(items.filter(({ Type }) => Type === "MESSAGE").map(({ Content }) => Content), said);
    const forward = await agent.chat.getTranscript({
      scanDirection: "FORWARD", sortOrder: "ASCENDING", maxResults: 100, startPosition: { id: items[4].Id },
    });
    assert.deepEqual(forward.data.Transcript.map(({ Id }) => Id), items.slice(4).map(({ Id }) => Id));
  });

  onStage("keeps a separate transcript", async (stage) => {
    const customer = stage.open("CUSTOMER");
    const states = [];
    customer.chat.onTranscriptUpdated(({ data }) => states.push(data.transcript));
    await customer.start();
    const agent = stage.open("AGENT");
    await agent.start();
    await customer.say("one");
    await agent.say("two");
    await customer.message("two");
    await until(() => states.at(-1)?.filter(({ Type }) => Type === "MESSAGE").length === 2);
    const items = states.at(-1);
    assert.deepEqual(items.map(({ Content, ContentType }) => Content ?? ContentType), [
      event("participant.joined"), event("participant.joined"), "one", "two",
    ]);
    assert.equal(new Set(items.map(({ Id }) => Id)).size, items.length);
  });

  onStage("recovers from a cut socket", async (stage) => {
    const proxy = await stage.proxy();
    const customer = stage.open("CUSTOMER", { reroute: proxy.reroute });
    const agent = stage.open("AGENT");
    await Promise.all([customer.start(), agent.start()]);
    const before = await agent.say("before the cut");
    await customer.message("before the cut");

    proxy.cut();
    await customer.event("ConnectionLost");
    await agent.say("during the cut");
    await customer.say("not silenced"); // REST doesn't need the socket
    proxy.up();
    await customer.event("ConnectionEstablished", (_, index) => index === 2, 20);
    await agent.say("after the cut");
    await customer.message("after the cut");

    const pushed = customer.all("Message").map((item) => item.Content);
    assert.ok(!pushed.includes("during the cut"), "the service repeats nothing");
    const missed = await customer.chat.getTranscript({
      scanDirection: "FORWARD", sortOrder: "ASCENDING", startPosition: { id: before.data.Id },
    });
    assert.deepEqual(missed.data.Transcript.map(({ Content }) => Content), [
      "before the cut", "during the cut", "not silenced", "after the cut",
    ]);
    assert.equal(customer.all("ConnectionBroken").length, 0);
  });

  onStage("replaces a socket that fell silent", async (stage) => {
    const proxy = await stage.proxy();
    const customer = stage.open("CUSTOMER", { reroute: proxy.reroute });
    const agent = stage.open("AGENT");
    await Promise.all([customer.start(), agent.start()]);
    assert.equal(proxy.silence(), 1);
    // Two heartbeats, ten seconds apart, must be missed before ChatJS opens a second socket.
    await until(() => customer.page.opened === 2, 30);
    await until(async () => {
      const text = `are you there at ${Date.now()}?`;
      await agent.say(text);
      await sleep(200);
      return customer.all("Message").some((item) => item.Content === text);
    });
    assert.equal(customer.all("ConnectionLost").length, 0, "make before break");
  });

  onStage("ends for both when the customer leaves", async (stage) => {
    const { customer, agent } = await stage.both();
    await agent.say("Goodbye");
    await customer.chat.disconnectParticipant();
    await Promise.all([customer.event("Ended"), agent.event("Ended")]);
    for (const side of [customer, agent]) {
      const names = side.all("Message").filter((item) => item.Type === "EVENT").map((item) => item.ContentType);
      assert.deepEqual(names.slice(-2), [event("participant.left"), event("chat.ended")]);
      await assert.rejects(side.say("too late"));
    }
    await until(() => customer.page.sockets.size + agent.page.sockets.size === 0);
    const again = stage.open("CUSTOMER");
    await assert.rejects(again.chat.connect(), ({ _debug }) => _debug._debug.statusCode === 403 && _debug._debug.type === "AccessDeniedException");
  });

  onStage("learns of an end that it missed", async (stage) => {
    const proxy = await stage.proxy();
    const customer = stage.open("CUSTOMER", { reroute: proxy.reroute });
    const agent = stage.open("AGENT");
    await Promise.all([customer.start(), agent.start()]);
    proxy.cut();
    await customer.event("ConnectionLost");
    await agent.chat.controller.disconnectParticipant();
    await agent.event("Ended");
    proxy.up();
    await customer.event("Ended", undefined, 30);
  });

  onStage("serves an agent page with a separate socket", async (stage) => {
    // As in the agent workspace: Streams holds the socket and the connection token, ChatJS
    // reports to the service that the agent has joined, with a request without Type.
    const client = newClient(service.endpoint);
    const { token, url, out } = await connect(client, stage.chat.agent, { ConnectParticipant: undefined });
    const agent = stage.open("AGENT", {
      getConnectionToken: async () => ({ chatTokenTransport: { participantToken: token, expiry: out.ConnectionCredentials.Expiry } }),
      websocketManager: ({ WebSocketManager }) => {
        const manager = WebSocketManager.create({});
        manager.init(async () => ({ webSocketTransport: { url, expiry: out.Websocket.ConnectionExpiry, transportLifeTimeInSeconds: 3540 } }));
        return manager;
      },
    });
    const customer = stage.open("CUSTOMER");
    await Promise.all([agent.start(), customer.start()]);
    await customer.say("Is anybody there?");
    await agent.message("Is anybody there?");
    await agent.say("I am.");
    await customer.message("I am.");
    client.destroy();
  });

  it("reads errors in a page of another origin", { timeout: 20_000 }, async () => {
    const { page, connect: { ChatSession } } = loadChatJS(service.endpoint);
    const session = ChatSession.create({
      type: "CUSTOMER",
      disableCSM: true,
      chatDetails: { contactId: crypto.randomUUID(), participantId: crypto.randomUUID(), participantToken: "nonsense" },
    });
    const response = await page.globals.fetch(`${service.endpoint}/participant/message`, {
      method: "POST", headers: { "x-amz-bearer": "nonsense", "content-type": "application/json", authorization: "none" }, body: "{}",
    });
    assert.equal(response.status, 403);
    assert.equal(response.headers.get("x-amzn-errortype"), "AccessDeniedException");
    assert.match(response.headers.get("x-amzn-requestid"), /./);
    const failure = await session.connect().then(() => assert.fail("connected"), (error) => error._debug._debug);
    page.close();
    assert.equal(failure.type, "AccessDeniedException");
    assert.equal(failure.statusCode, 403);
    assert.equal(failure.message, "Access denied");
  });
});

/** Stage has a chat and the pages that take part in it. */
class Stage {
  #service;
  #open = [];
  #turn = false;

  constructor(service) {
    this.#service = service;
    this.chat = service.chat();
  }

  open(type, options) {
    const session = new Session(this.#service.endpoint, this.chat, type, options);
    this.#open.push(session);
    return session;
  }

  async both() {
    const customer = this.open("CUSTOMER");
    await customer.start();
    const agent = this.open("AGENT");
    await agent.start();
    return { customer, agent };
  }

  async proxy() {
    const proxy = await openProxy(this.#service.endpoint);
    this.#open.push(proxy);
    return proxy;
  }

  turn() {
    this.#turn = !this.#turn;
    return this.#turn;
  }

  close() {
    const binary = this.#open.flatMap((opened) => opened.page?.binaryFrames ?? []);
    this.#open.forEach((opened) => opened.close());
    assert.equal(binary.length, 0, "ChatJS parses every frame as text");
  }
}

async function until(holds, seconds = 10) {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) assert.fail(`not within ${seconds} s: ${holds}`);
    await sleep(20);
  }
}

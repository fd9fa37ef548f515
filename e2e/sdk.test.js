// SPDX-License-Identifier: Apache-2.0

// The AWS SDK for JavaScript: every operation, its errors, pages, files and retries.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import * as sdk from "@aws-sdk/client-connectparticipant";

import { connect, newClient } from "./lib/sdk.js";
import { schemes, serve } from "./lib/serve.js";

const event = (name) => `application/vnd.amazonaws.connect.event.${name}`;
const isoMillis = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("the AWS SDK for JavaScript", { timeout: 60_000 }, () => {
  let service, client;

  before(async () => {
    service = await serve("-chats", "16", "-agent", "none");
    client = newClient(service.endpoint);
  });

  after(async () => {
    client?.destroy();
    assert.deepEqual(await service?.stop(), { code: 0, signal: null });
  });

  /** A chat of which both sides have connected. */
  async function connected() {
    const chat = service.chat();
    const customer = await connect(client, chat.customer);
    const agent = await connect(client, chat.agent);
    return { chat, customer, agent };
  }

  const say = (token, Content, more = {}) =>
    client.send(new sdk.SendMessageCommand({ ConnectionToken: token, ContentType: "text/plain", Content, ...more }));

  const transcript = (token, more = {}) =>
    client.send(new sdk.GetTranscriptCommand({ ConnectionToken: token, SortOrder: "ASCENDING", MaxResults: 100, ...more }));

  const texts = (items) => items.filter((item) => item.Type === "MESSAGE").map((item) => item.Content);

  it("prints its endpoint in one line of JSON", () => {
    assert.match(service.endpoint, new RegExp(`^${schemes.http}://127\\.0\\.0\\.1:\\d+$`));
    assert.match(service.ready, /^\{"endpoint":"[^"]+","chats":\[\{"contactId":"[^"]+","customer":\{"participantToken":"[^"]+"\},"agent":\{"participantToken":"[^"]+"\}\}/);
    assert.equal(JSON.parse(service.ready).chats.length, 16);
  });

  it("connects", async () => {
    const { customer, agent } = await connected();
    assert.match(customer.url, new RegExp(`^${schemes.ws}://127\\.0\\.0\\.1:\\d+/`));
    assert.match(customer.out.Websocket.ConnectionExpiry, isoMillis);
    assert.match(customer.out.ConnectionCredentials.Expiry, isoMillis);
    assert.notEqual(customer.token, agent.token);
    assert.equal(customer.out.$metadata.httpStatusCode, 200);
    assert.match(customer.out.$metadata.requestId, /^[0-9a-f-]{36}$/);
  });

  it("connects to a meeting", async () => {
    const out = await client.send(new sdk.CreateParticipantConnectionCommand({
      ParticipantToken: service.chat().customer.participantToken,
      Type: ["WEBRTC_CONNECTION"],
    }));
    assert.ok(out.WebRTCConnection.Attendee.JoinToken);
    assert.ok(out.WebRTCConnection.Meeting.MediaPlacement.SignalingUrl);
    assert.equal(out.Websocket, undefined);
  });

  it("sends messages of all content types in both directions", async () => {
    const { customer, agent } = await connected();
    const sent = await say(customer.token, "Hello 👋 <&> \u2028 \u0001");
    assert.match(sent.AbsoluteTime, isoMillis);
    await say(agent.token, "**Hello**", { ContentType: "text/markdown" });
    await say(agent.token, '{"a":1}', { ContentType: "application/json" });
    const { Transcript, InitialContactId } = await transcript(customer.token);
    const first = Transcript.find((item) => item.Id === sent.Id);
    assert.equal(first.Content, "Hello 👋 <&> \u2028 \u0001");
    assert.equal(first.ParticipantRole, "CUSTOMER");
    assert.equal(first.ContactId, InitialContactId);
    assert.deepEqual(Transcript.map((item) => item.ContentType), [
      event("participant.joined"), event("participant.joined"), "text/plain", "text/markdown", "application/json",
    ]);
    assert.deepEqual(Transcript.map((item) => item.AbsoluteTime), Transcript.map((item) => item.AbsoluteTime).toSorted());
  });

  it("sends typing and receipts", async () => {
    const { customer, agent } = await connected();
    const send = (token, name, content) => client.send(new sdk.SendEventCommand({
      ConnectionToken: token, ContentType: event(name), Content: content && JSON.stringify(content),
    }));
    assert.ok((await send(agent.token, "typing")).Id);
    const { Id } = await say(customer.token, "Read me");
    await send(agent.token, "message.delivered", { messageId: Id });
    await send(agent.token, "message.read", { messageId: Id });
    const { Transcript } = await transcript(customer.token);
    assert.ok(!Transcript.some((item) => item.ContentType === event("typing")), "typing is in the transcript");
    const { MessageMetadata } = Transcript.find((item) => item.Id === Id);
    assert.equal(MessageMetadata.MessageId, Id);
    assert.equal(MessageMetadata.Receipts.length, 1);
    assert.match(MessageMetadata.Receipts[0].DeliveredTimestamp, isoMillis);
    assert.match(MessageMetadata.Receipts[0].ReadTimestamp, isoMillis);
  });

  it("reads the transcript page by page in both directions", async () => {
    const { customer } = await connected();
    const said = Array.from({ length: 23 }, (_, i) => `message ${i}`);
    const ids = [];
    for (const text of said) ids.push((await say(customer.token, text)).Id);

    const pages = [];
    for await (const page of sdk.paginateGetTranscript({ client, pageSize: 10 }, { ConnectionToken: customer.token })) {
      pages.push(page.Transcript);
    }
    assert.deepEqual(pages.map((page) => page.length), [10, 10, 5]);
    assert.deepEqual(texts(pages.flat()), said.toReversed(), "newest first by default");

    const forward = [];
    const start = { ConnectionToken: customer.token, SortOrder: "ASCENDING", StartPosition: { Id: ids[5] } };
    for await (const page of sdk.paginateGetTranscript({ client, pageSize: 7 }, start)) forward.push(...page.Transcript);
    assert.deepEqual(texts(forward), said.slice(5));

    const recent = await transcript(customer.token, { StartPosition: { MostRecent: 3 } });
    assert.deepEqual(texts(recent.Transcript), said.slice(-3));
    const unset = await transcript(customer.token, { StartPosition: {}, ScanDirection: "BACKWARD", MaxResults: undefined });
    assert.equal(unset.Transcript.length, 10, "the default page");
    const elsewhere = await transcript(customer.token, { ContactId: crypto.randomUUID() });
    assert.deepEqual(elsewhere.Transcript, []);
  });

  it("uploads a file and downloads it", async () => {
    const { customer, agent } = await connected();
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    const started = await client.send(new sdk.StartAttachmentUploadCommand({
      ConnectionToken: customer.token, AttachmentName: 'a "photo".png', ContentType: "image/png", AttachmentSizeInBytes: bytes.length,
    }));
    const complete = new sdk.CompleteAttachmentUploadCommand({ ConnectionToken: customer.token, AttachmentIds: [started.AttachmentId] });
    await assert.rejects(client.send(complete), { name: "ConflictException" });

    const { Url, HeadersToInclude } = started.UploadMetadata;
    const put = (headers, body = bytes) => fetch(Url, { method: "PUT", headers, body });
    const altered = await put({ ...HeadersToInclude, "x-amz-acl": "public-read" });
    assert.equal(altered.status, 403);
    assert.match(await altered.text(), /<Code>SignatureDoesNotMatch<\/Code>/);
    const { ["Content-Length"]: _, ...others } = HeadersToInclude;
    assert.equal((await put(others, bytes.subarray(1))).status, 400);
    assert.equal((await put({ ...HeadersToInclude, "X-Amz-Bearer": customer.token })).status, 400, "the token leaked");
    assert.equal((await put(HeadersToInclude)).status, 200);
    await client.send(complete);

    const link = await approved(agent, started.AttachmentId);
    assert.equal(link.AttachmentSizeInBytes, bytes.length);
    const got = await fetch(link.Url);
    assert.equal(got.headers.get("content-type"), "image/png");
    assert.deepEqual(new Uint8Array(await got.arrayBuffer()), bytes);
    const { Transcript } = await transcript(agent.token);
    assert.deepEqual(Transcript.find((item) => item.Type === "ATTACHMENT").Attachments, [
      { AttachmentId: started.AttachmentId, AttachmentName: 'a "photo".png', ContentType: "image/png", Status: "APPROVED" },
    ]);
  });

  /** GetAttachment, once the file has been scanned. */
  async function approved(side, id) {
    const get = new sdk.GetAttachmentCommand({ ConnectionToken: side.token, AttachmentId: id, UrlExpiryInSeconds: 60 });
    for (;;) {
      try {
        return await client.send(get);
      } catch (error) {
        if (error.name !== "ValidationException") throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  it("returns the same response to a retried call", async () => {
    const { customer } = await connected();
    const again = { ClientToken: crypto.randomUUID() };
    const [first, second] = [await say(customer.token, "once", again), await say(customer.token, "once", again)];
    assert.equal(first.Id, second.Id);
    assert.equal(first.AbsoluteTime, second.AbsoluteTime);
    const other = await say(customer.token, "another", again);
    assert.notEqual(other.Id, first.Id);
    const { Transcript } = await transcript(customer.token);
    assert.deepEqual(texts(Transcript), ["once", "another"]);
  });

  it("returns errors with name, status and request id", async () => {
    const { customer } = await connected();
    const token = customer.token;
    const cases = {
      "an unknown token": [new sdk.GetTranscriptCommand({ ConnectionToken: "nonsense" }), "AccessDeniedException", 403],
      "the participant token where the connection token belongs": [
        new sdk.SendMessageCommand({ ConnectionToken: service.chat().customer.participantToken, ContentType: "text/plain", Content: "x" }),
        "AccessDeniedException", 403,
      ],
      "the connection token where the participant token belongs": [
        new sdk.CreateParticipantConnectionCommand({ ParticipantToken: token, Type: ["WEBSOCKET"] }), "AccessDeniedException", 403,
      ],
      "an unknown connection type": [
        new sdk.CreateParticipantConnectionCommand({ ParticipantToken: service.chat().agent.participantToken, Type: ["PIGEON"] }), "ValidationException", 400,
      ],
      "a message too long": [
        new sdk.SendMessageCommand({ ConnectionToken: token, ContentType: "text/plain", Content: "x".repeat(16_385) }), "ValidationException", 400,
      ],
      "an unknown content type": [
        new sdk.SendMessageCommand({ ConnectionToken: token, ContentType: "text/html", Content: "x" }), "ValidationException", 400,
      ],
      "an event that may not be sent": [
        new sdk.SendEventCommand({ ConnectionToken: token, ContentType: event("chat.ended") }), "ValidationException", 400,
      ],
      "a forward scan without a start": [
        new sdk.GetTranscriptCommand({ ConnectionToken: token, ScanDirection: "FORWARD" }), "ValidationException", 400,
      ],
      "a page too large": [new sdk.GetTranscriptCommand({ ConnectionToken: token, MaxResults: 101 }), "ValidationException", 400],
      "a file too large": [
        new sdk.StartAttachmentUploadCommand({ ConnectionToken: token, AttachmentName: "a.png", ContentType: "image/png", AttachmentSizeInBytes: 1e12 }),
        "ValidationException", 400,
      ],
      "an unknown attachment": [new sdk.GetAttachmentCommand({ ConnectionToken: token, AttachmentId: "nonsense" }), "ValidationException", 400],
      "an unknown view": [new sdk.DescribeViewCommand({ ConnectionToken: token, ViewToken: "not/a view" }), "ResourceNotFoundException", 404],
      "an unknown authentication session": [
        new sdk.GetAuthenticationUrlCommand({ ConnectionToken: token, SessionId: crypto.randomUUID(), RedirectUri: "https://example.com" }),
        "ValidationException", 400,
      ],
      "cancelling an unknown authentication session": [
        new sdk.CancelParticipantAuthenticationCommand({ ConnectionToken: token, SessionId: crypto.randomUUID() }), "ValidationException", 400,
      ],
    };
    for (const [what, [command, name, status]] of Object.entries(cases)) {
      const error = await client.send(command).then(() => assert.fail(`${what} was accepted`), (e) => e);
      assert.equal(error.name, name, what);
      assert.ok(error instanceof sdk[name], `${what}: not an instance of ${name}`);
      assert.ok(error instanceof sdk.ConnectParticipantServiceException);
      assert.equal(error.$metadata.httpStatusCode, status, what);
      assert.match(error.$metadata.requestId, /./, what);
      assert.match(error.message, /./, what);
      assert.equal(error.$metadata.attempts, 1, `${what} was repeated`);
    }
  });

  it("accepts a receipt for one's own message without effect", async () => {
    const { customer } = await connected();
    const { Id } = await say(customer.token, "Mine");
    await client.send(new sdk.SendEventCommand({
      ConnectionToken: customer.token, ContentType: event("message.read"), Content: JSON.stringify({ messageId: Id }),
    }));
    const { Transcript } = await transcript(customer.token);
    assert.equal(Transcript.find((item) => item.Id === Id).MessageMetadata, undefined);
  });

  it("returns errors for quotas and a second completion", async () => {
    const { customer: { token } } = await connected();
    const start = () => client.send(new sdk.StartAttachmentUploadCommand({
      ConnectionToken: token, AttachmentName: "a.txt", ContentType: "text/plain", AttachmentSizeInBytes: 1,
    }));
    const complete = (id) => client.send(new sdk.CompleteAttachmentUploadCommand({ ConnectionToken: token, AttachmentIds: [id] }));
    for (let i = 0; i < 35; i++) {
      const { AttachmentId, UploadMetadata } = await start();
      await fetch(UploadMetadata.Url, { method: "PUT", headers: UploadMetadata.HeadersToInclude, body: "x" });
      await complete(AttachmentId);
      if (i === 0) await assert.rejects(complete(AttachmentId), { name: "ConflictException", $fault: "client" });
    }
    const error = await start().then(() => assert.fail("a 36th was accepted"), (e) => e);
    assert.equal(error.name, "ServiceQuotaExceededException");
    assert.equal(error.$metadata.httpStatusCode, 402);
  });

  it("refuses every call after the end", async () => {
    const { chat, customer, agent } = await connected();
    await client.send(new sdk.DisconnectParticipantCommand({ ConnectionToken: customer.token }));
    for (const token of [customer.token, agent.token]) {
      await assert.rejects(say(token, "late"), { name: "AccessDeniedException" });
      await assert.rejects(transcript(token), { name: "AccessDeniedException" });
    }
    await assert.rejects(connect(client, chat.customer), { name: "AccessDeniedException" });
  });
});

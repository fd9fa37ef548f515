// SPDX-License-Identifier: Apache-2.0

// The agent that replies, and what only the service can start.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import * as sdk from "@aws-sdk/client-connectparticipant";

import { Session } from "./lib/chatjs.js";
import { connect, newClient } from "./lib/sdk.js";
import { serve } from "./lib/serve.js";

describe("the echo", { timeout: 60_000, concurrency: true }, () => {
  let service, client;

  before(async () => {
    service = await serve("-chats", "8");
    client = newClient(service.endpoint);
  });

  after(async () => {
    client?.destroy();
    assert.deepEqual(await service?.stop(), { code: 0, signal: null });
    assert.ok(service.log.length > 0, "no request was logged");
    assert.doesNotMatch(service.log.join("\n"), /token|Hello/, "a token or content was logged");
  });

  /** Registers a test that gets a customer's page and the customer's connection token. */
  function withCustomer(name, run) {
    it(name, { timeout: 30_000 }, async () => {
      const chat = service.chat();
      const customer = new Session(service.endpoint, chat, "CUSTOMER");
      try {
        await customer.start();
        const { token } = await connect(client, chat.customer);
        await run(customer, token);
      } finally {
        customer.close();
      }
    });
  }

  const interactive = (customer, kind) => customer.event("Message", (item) => {
    return item.ContentType === "application/vnd.amazonaws.connect.message.interactive" && JSON.parse(item.Content).templateType === kind;
  });

  withCustomer("reads, types and replies", async (customer) => {
    const { data: { Id } } = await customer.say("Hello");
    const typing = await customer.event("Typing");
    assert.equal(typing.ParticipantRole, "AGENT");
    assert.equal((await customer.message("You said: Hello")).DisplayName, "Agent");
    assert.equal((await customer.event("ReadReceipt")).MessageMetadata.MessageId, Id);
  });

  withCustomer("shows a view", async (customer, ConnectionToken) => {
    await customer.say("/view");
    const message = await interactive(customer, "ViewResource");
    const { viewId, viewToken } = JSON.parse(message.Content).data.content;
    const { View } = await client.send(new sdk.DescribeViewCommand({ ConnectionToken, ViewToken: viewToken }));
    assert.equal(View.Id, viewId);
    assert.equal(View.Version, 1);
    assert.ok(JSON.parse(View.Content.InputSchema).type);
    assert.ok(JSON.parse(View.Content.Template).Body);
    assert.deepEqual(View.Content.Actions, ["Submit"]);
    const described = await customer.chat.describeView({ viewToken });
    assert.deepEqual(described.data.View, View);
    await customer.chat.sendMessage({
      contentType: "application/vnd.amazonaws.connect.message.interactive.response",
      message: JSON.stringify({ templateType: "ViewResource", version: "1.0", action: "Submit", data: { name: "Jane" } }),
    });
  });

  withCustomer("sends a list picker and a file", async (customer) => {
    await customer.say("/list");
    const picker = JSON.parse((await interactive(customer, "ListPicker")).Content);
    assert.ok(picker.data.content.elements.length > 0);
    await customer.say("/file");
    const { Attachments: [{ AttachmentId: attachmentId }] } = await customer.event("Message", (item) => item.Type === "ATTACHMENT");
    const blob = await customer.chat.downloadAttachment({ attachmentId });
    assert.ok(blob.size > 0);
  });

  withCustomer("streams", async (customer) => {
    await customer.say("/stream");
    const whole = await customer.message("I speak piece by piece.");
    const pieces = customer.all("Message").filter(({ Id }) => Id === whole.Id).map(({ Content }) => Content);
    assert.deepEqual(pieces.slice(0, 2), ["I speak ", "I speak piece "], "ChatJS has joined them");
    const { data } = await customer.chat.getTranscript({});
    assert.equal(data.Transcript.filter(({ Id }) => Id === whole.Id).length, 1);
  });

  withCustomer("asks to log in", async (customer, ConnectionToken) => {
    const RedirectUri = "https://shop.example/callback?a=b";
    const initiated = async (index) => JSON.parse((await customer.event("AuthenticationInitiated", (_, i) => i === index)).Content).SessionId;
    await customer.say("/login");
    const SessionId = await initiated(0);
    const { AuthenticationUrl } = await client.send(new sdk.GetAuthenticationUrlCommand({ ConnectionToken, SessionId, RedirectUri }));
    assert.equal(new URL(AuthenticationUrl).searchParams.get("redirect_uri"), RedirectUri);
    await assert.rejects(
      client.send(new sdk.GetAuthenticationUrlCommand({ ConnectionToken, SessionId, RedirectUri })), { name: "ValidationException" },
    );
    await customer.say("/login");
    const second = await initiated(1);
    const { data } = await customer.chat.getAuthenticationUrl({ sessionId: second, redirectUri: RedirectUri });
    assert.ok(data.AuthenticationUrl);
    await client.send(new sdk.CancelParticipantAuthenticationCommand({ ConnectionToken, SessionId: second }));
  });

  withCustomer("cuts the socket", async (customer) => {
    await customer.say("/cut");
    await customer.event("ConnectionLost");
    await customer.event("ConnectionEstablished", (_, index) => index === 2);
    await customer.say("Hello again");
    await customer.message("You said: Hello again");
  });

  withCustomer("ends the chat", async (customer) => {
    await customer.say("/bye");
    await customer.event("Ended");
  });
});

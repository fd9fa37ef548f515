// SPDX-License-Identifier: Apache-2.0

// The AWS SDK for JavaScript starts chats at Amazon Connect, and ChatJS takes part in them.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import * as sdk from "@aws-sdk/client-connect";
import { SendMessageCommand } from "@aws-sdk/client-connectparticipant";

import { Session } from "./lib/chatjs.js";
import { connect, newClient } from "./lib/sdk.js";
import { schemes, serve } from "./lib/serve.js";

const InstanceId = "instance-1";
const welcome = "Welcome, Ana. This is the fake of Amazon Connect.";

describe("chats that Amazon Connect starts", { timeout: 60_000, concurrency: true }, () => {
  let service, client, participants;

  before(async () => {
    service = await serve("-chats", "1");
    client = new sdk.ConnectClient({
      endpoint: service.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "unused", secretAccessKey: "unused" },
    });
    participants = newClient(service.endpoint);
  });

  after(async () => {
    client?.destroy();
    participants?.destroy();
    assert.deepEqual(await service?.stop(), { code: 0, signal: null });
  });

  const start = (more = {}) => client.send(new sdk.StartChatContactCommand({
    InstanceId, ContactFlowId: "flow-1", ParticipantDetails: { DisplayName: "Ana" }, ...more,
  }));

  /** The customer's page of a chat that was started. */
  const open = (started) => new Session(service.endpoint, {
    contactId: started.ContactId, customer: { participantToken: started.ParticipantToken },
  }, "CUSTOMER");

  it("run through ChatJS until they are stopped", async () => {
    const started = await start({ Attributes: { order: "4711" }, SupportedMessagingContentTypes: ["text/plain", "text/markdown"] });
    const customer = open(started);
    try {
      await customer.start();
      await customer.say("Hello");
      const reply = await customer.message("You said: Hello");
      assert.equal(reply.ParticipantRole, "AGENT");
      assert.equal(reply.ContactId, started.ContactId);
      const { data } = await customer.chat.getTranscript({});
      const texts = data.Transcript.filter((item) => item.Type === "MESSAGE").map((item) => item.Content);
      assert.deepEqual(texts, [welcome, "Hello", "You said: Hello"]);

      await client.send(new sdk.StopContactCommand({ InstanceId, ContactId: started.ContactId }));
      await customer.event("Ended");
    } finally {
      customer.close();
    }
    const { Contact } = await client.send(new sdk.DescribeContactCommand({ InstanceId, ContactId: started.ContactId }));
    assert.equal(Contact.Channel, "CHAT");
    assert.equal(Contact.DisconnectReason, "API");
    assert.deepEqual(Contact.Attributes, { order: "4711" });
    assert.ok(Contact.InitiationTimestamp instanceof Date && Contact.InitiationTimestamp <= Contact.DisconnectTimestamp);
    assert.ok(Math.abs(Date.now() - Contact.InitiationTimestamp) < 60_000);
  });

  it("continue an earlier chat", async () => {
    const first = await start({ InitialMessage: { ContentType: "text/plain", Content: "It is about 4711" } });
    await client.send(new sdk.StopContactCommand({ InstanceId, ContactId: first.ContactId }));
    const second = await start({ PersistentChat: { RehydrationType: "ENTIRE_PAST_SESSION", SourceContactId: first.ContactId } });
    assert.equal(second.ContinuedFromContactId, first.ContactId);
    const customer = open(second);
    try {
      await customer.start();
      await customer.message(welcome);
      const { data } = await customer.chat.getTranscript({});
      const past = await customer.chat.getTranscript({ nextToken: data.NextToken });
      assert.deepEqual(past.data.Transcript.map((item) => item.Content), ["It is about 4711"]);
      assert.equal(past.data.Transcript[0].RelatedContactId, first.ContactId);
    } finally {
      customer.close();
    }
  });

  it("have a custom bot and attributes", async () => {
    const started = await start();
    const customer = open(started);
    try {
      await customer.start();
      const { ParticipantCredentials } = await client.send(new sdk.CreateParticipantCommand({
        InstanceId, ContactId: started.ContactId, ParticipantDetails: { ParticipantRole: "CUSTOM_BOT", DisplayName: "Robot" },
      }));
      const bot = await connect(participants, { participantToken: ParticipantCredentials.ParticipantToken });
      await participants.send(new SendMessageCommand({ ConnectionToken: bot.token, ContentType: "text/plain", Content: "I am a bot" }));
      assert.equal((await customer.message("I am a bot")).ParticipantRole, "CUSTOM_BOT");
    } finally {
      customer.close();
    }
    const about = { InstanceId, InitialContactId: started.ContactId };
    await client.send(new sdk.UpdateContactAttributesCommand({ ...about, Attributes: { tier: "gold" } }));
    assert.deepEqual((await client.send(new sdk.GetContactAttributesCommand(about))).Attributes, { tier: "gold" });
  });

  it("are streamed", async () => {
    const StreamingEndpointArn = "arn:aws:sns:us-east-1:111122223333:chats";
    const { ContactId } = await start();
    const about = { InstanceId, ContactId };
    const { StreamingId } = await client.send(new sdk.StartContactStreamingCommand({
      ...about, ChatStreamingConfiguration: { StreamingEndpointArn },
    }));
    await client.send(new sdk.StopContactCommand(about));
    await until(() => service.log.some((line) => line.includes(`${StreamingEndpointArn} application/vnd.amazonaws.connect.event.chat.ended`)));
    await client.send(new sdk.StopContactStreamingCommand({ ...about, StreamingId }));
    await assert.rejects(client.send(new sdk.StopContactStreamingCommand({ ...about, StreamingId })), sdk.ResourceNotFoundException);
  });

  // The client doesn't know these members yet.
  it("come with a connection", async () => {
    const response = await fetch(`${service.endpoint}/contact/chat`, {
      method: "PUT",
      body: JSON.stringify({
        InstanceId, ContactFlowId: "flow-1", ParticipantDetails: { DisplayName: "Ana" }, ConnectionTypes: ["WEBSOCKET", "CONNECTION_CREDENTIALS"],
      }),
    });
    const { ConnectionCredentials, Websocket } = await response.json();
    assert.match(Websocket.Url, new RegExp(`^${schemes.ws}://127\\.0\\.0\\.1:`));
    await participants.send(new SendMessageCommand({
      ConnectionToken: ConnectionCredentials.ConnectionToken, ContentType: "text/plain", Content: "Hello",
    }));
  });

  it("are refused with the errors of the client", async () => {
    const { ContactId } = await start();
    for (const [command, type, status, message] of [
      [new sdk.StartChatContactCommand({ InstanceId, ContactFlowId: "flow-1", ParticipantDetails: { DisplayName: "" } }), sdk.InvalidRequestException, 400, /DisplayName/],
      [new sdk.StopContactCommand({ InstanceId, ContactId: "unknown" }), sdk.ContactNotFoundException, 410, /does not exist/],
      [new sdk.DescribeContactCommand({ InstanceId: "another", ContactId }), sdk.ResourceNotFoundException, 404, /not found/],
      [new sdk.UpdateParticipantAuthenticationCommand({ InstanceId, State: "unknown", Code: "code" }), sdk.InvalidParameterException, 400, /State/],
      [new sdk.ListQueuesCommand({ InstanceId }), sdk.ConnectServiceException, 501, /ListQueues/],
    ]) {
      await assert.rejects(client.send(command), (error) => {
        assert.ok(error instanceof type, `${error}`);
        assert.equal(error.$metadata.httpStatusCode, status);
        assert.match(error.message, message);
        return true;
      });
    }
  });
});

async function until(holds, seconds = 10) {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    if (Date.now() > end) assert.fail(`not within ${seconds} s: ${holds}`);
    await sleep(20);
  }
}

// SPDX-License-Identifier: Apache-2.0

// The control API: a customer's page on ChatJS, and a test that plays the agent and the
// network without a line of Go.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Session } from "./lib/chatjs.js";
import { newControl } from "./lib/control.js";
import { serve } from "./lib/serve.js";

const run = promisify(execFile);
const hour = 3600;

describe("the control API", { timeout: 100_000 }, () => {
  let service, control;

  before(async () => {
    service = await serve("-control", "-chats", "1", "-agent", "none");
    control = newControl(service.control);
  });

  after(async () => {
    assert.deepEqual(await service?.stop(), { code: 0, signal: null });
  });

  /** Starts a chat as the back end of a site does, and connects the customer's page. */
  async function start() {
    const response = await fetch(`${service.endpoint}/contact/chat`, {
      method: "PUT",
      body: JSON.stringify({ InstanceId: "instance", ContactFlowId: "flow", ParticipantDetails: { DisplayName: "Ada" } }),
    });
    const chat = await response.json();
    const customer = new Session(service.endpoint, {
      contactId: chat.ContactId, customer: { participantToken: chat.ParticipantToken },
    }, "CUSTOMER");
    await customer.start();
    return { customer, chat: `chats/${chat.ContactId}` };
  }

  it("plays the agent, the network and the clock", { timeout: 60_000 }, async () => {
    const { customer, chat } = await start();
    const play = (who, what, body) => control(`POST ${chat}/participants/${who}/${what}`, body);
    const count = async (operation) => (await control(`GET ${chat}/participants/customer/requests/count?Operation=${operation}`)).Count;
    try {
      await play("agent", "join");
      await play("agent", "typing");
      await customer.event("Typing");
      const { Id } = await play("agent", "messages", { Content: "How can I help?" });
      assert.equal((await customer.message("How can I help?")).Id, Id);

      // The service throttles; the client retries.
      const { FaultId } = await control("POST faults", {
        On: "SendMessage", Times: 1, Effect: { Name: "Fail", Status: 429, Code: "ThrottlingException" },
      });
      const sent = await count("SendMessage");
      await customer.say("My order is late");
      await control(`POST faults/${FaultId}/wait`, { Count: 1 });
      assert.equal(await count("SendMessage"), sent + 2);

      // The socket is lost; the client opens another one.
      await play("customer", "close-sockets");
      await customer.event("ConnectionLost");
      await customer.event("ConnectionEstablished", (_, index) => index === 2, 20);
      await play("customer", "wait-sockets", { Count: 1 });

      // A day passes, and the connection token expires.
      await control("POST clock/advance", { Seconds: 24 * hour });
      await assert.rejects(customer.say("Are you there?"));
      const refused = (await control("GET requests?Operation=SendMessage")).Requests.at(-1);
      assert.deepEqual([refused.Status, refused.ErrorCode], [403, "AccessDeniedException"]);
      await play("customer", "close-sockets", { Code: 1001 });
      await customer.event("ConnectionEstablished", (_, index) => index === 3, 20);
      await customer.say("Hello again");

      // Another agent takes over and ends the chat.
      const { ParticipantId } = await control(`POST ${chat}/transfer`, { DisplayName: "Barbara" });
      await play("customer", "wait-sockets", { Count: 1 });
      await play(ParticipantId, "messages", { Content: "I will look after it" });
      assert.equal((await customer.message("I will look after it")).DisplayName, "Barbara");
      await control(`POST ${chat}/end`);
      await customer.event("Ended");

      const { Items } = await control(`GET ${chat}/items`);
      const said = Items.filter(({ Type, ParticipantRole }) => Type === "MESSAGE" && ParticipantRole !== "SYSTEM");
      assert.deepEqual(said.map(({ Content }) => Content), [
        "How can I help?", "My order is late", "Hello again", "I will look after it",
      ]);
      assert.ok(await count("CreateParticipantConnection") >= 3);
      await assert.rejects(play("agent", "messages", { Content: "too late" }), /409 the chat has ended/);
    } finally {
      customer.close();
    }
  });

  it("does what the guide shows", { timeout: 30_000 }, async () => {
    const guide = readFileSync(new URL("../docs/fake.md", import.meta.url), "utf8");
    const [, code] = guide.match(/```js\r?\n([^]*?)```/);
    let customer, talk;
    const startMyWidget = async ({ endpoint, participantToken }) => {
      customer = new Session(endpoint, { contactId: crypto.randomUUID(), customer: { participantToken } }, "CUSTOMER");
      await customer.start();
      talk = setInterval(() => customer.say("Hello").catch(() => {}), 100);
    };
    const AsyncFunction = (async () => {}).constructor;
    const example = new AsyncFunction("startMyWidget", `${code.replaceAll("http://127.0.0.1:8080", service.endpoint)}; return Items;`);
    try {
      const items = await example(startMyWidget);
      assert.ok(items.some(({ Content, DisplayName }) => Content === "How can I help?" && DisplayName === "Grace"));
      assert.equal((await control("GET faults")).Faults.at(-1).Applied, 2);
    } finally {
      clearInterval(talk);
      customer?.close();
    }
  });

  it("describes itself", async () => {
    const { paths } = await control("GET openapi.json");
    assert.ok(paths["/_control/v1/chats"].post);
  });

  it("serves Python", { timeout: 30_000 }, async (t) => {
    const python = await run("python3", ["--version"]).then(() => "python3", () => null);
    if (!python) {
      t.diagnostic("there is no python3 here: control.py was not run");
      return;
    }
    const script = fileURLToPath(new URL("control.py", import.meta.url));
    const { stdout } = await run(python, [script], { env: { ...process.env, ENDPOINT: service.endpoint, CONTROL: service.control } });
    assert.deepEqual(stdout.trim().split("\n"), ["Grace: How can I help?", "Ada: My order is late", "throttled 2 times"]);
  });
});

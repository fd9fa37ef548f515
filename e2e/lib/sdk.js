// SPDX-License-Identifier: Apache-2.0

// The AWS SDK for JavaScript, pointed at the fake.

import {
  ConnectParticipantClient,
  CreateParticipantConnectionCommand,
} from "@aws-sdk/client-connectparticipant";

export function newClient(endpoint, options = {}) {
  return new ConnectParticipantClient({
    endpoint,
    region: "us-east-1",
    // The service needs no AWS credentials, but the SDK requires some.
    credentials: { accessKeyId: "unused", secretAccessKey: "unused" },
    ...options,
  });
}

/** Connects a side of a chat and resolves with its connection token and WebSocket URL. */
export async function connect(client, side, more = {}) {
  const out = await client.send(new CreateParticipantConnectionCommand({
    ParticipantToken: side.participantToken,
    Type: ["WEBSOCKET", "CONNECTION_CREDENTIALS"],
    ConnectParticipant: true,
    ...more,
  }));
  return { token: out.ConnectionCredentials.ConnectionToken, url: out.Websocket.Url, out };
}

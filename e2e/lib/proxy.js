// SPDX-License-Identifier: Apache-2.0

// A TCP proxy in front of the service. A test can break its connections as a network does.

import { connect, createServer } from "node:net";

export async function openProxy(endpoint) {
  const { hostname, port } = new URL(endpoint);
  const pairs = new Set();
  let down = false;

  const server = createServer((client) => {
    if (down) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    const pair = { client, upstream };
    pairs.add(pair);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    /** Leads a URL of the service through the proxy. */
    reroute(url) {
      const through = new URL(url);
      through.port = server.address().port;
      return through.href;
    },
    /** Resets all connections, and every new one until up is called. */
    cut() {
      down = true;
      pairs.forEach(({ client }) => client.resetAndDestroy());
    },
    up() {
      down = false;
    },
    /** Makes the present connections silent: nothing passes, nothing is closed. */
    silence() {
      for (const { client, upstream } of pairs) {
        for (const socket of [client, upstream]) {
          socket.unpipe();
          socket.resume();
        }
      }
      return pairs.size;
    },
    close() {
      pairs.forEach(({ client }) => client.destroy());
      server.close();
    },
  };
}

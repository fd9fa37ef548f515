// SPDX-License-Identifier: Apache-2.0

// Serves dynalite on a free port of the loopback interface, prints the port, and ends with its
// standard input.
import dynalite from "dynalite";

const server = dynalite({ createTableMs: 20 });
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();

// dynalite throws when a client cancels a request while it sends it.
process.on("uncaughtException", (err) => {
  if (err.code !== "ECONNRESET") {
    console.error(err);
    process.exit(1);
  }
});

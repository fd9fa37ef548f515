// SPDX-License-Identifier: Apache-2.0

/**
 * Returns a function that calls the control API of the fake: control("POST chats", { … })
 * resolves with the response, or rejects with its message.
 */
export function newControl(address) {
  return async (call, body) => {
    const [method, path] = call.split(" ");
    const response = await fetch(`${address}/${path}`, {
      method,
      headers: { "X-Participant-Control": "1" },
      body: body && JSON.stringify(body),
    });
    const out = await response.json();
    if (!response.ok) throw new Error(`${call}: ${response.status} ${out.message}`);
    return out;
  };
}

# SPDX-License-Identifier: Apache-2.0
"""A test of a client in Python, with nothing but the standard library."""

import json
import os
import urllib.error
import urllib.request


def call(method, url, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {name.replace("_", "-"): value for name, value in headers.items()}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def control(method, path, body=None):
    return call(method, f"{os.environ['CONTROL']}/{path}", body, X_Participant_Control="1")


def participant(path, token, body):  # the client under test
    while True:
        try:
            return call("POST", f"{os.environ['ENDPOINT']}/participant/{path}", body, X_Amz_Bearer=token)
        except urllib.error.HTTPError as error:
            if error.code != 429:
                raise


chat = control("POST", "chats", {"CustomerName": "Ada", "AgentName": "Grace"})
connection = participant("connection", chat["Customer"]["ParticipantToken"], {"Type": ["CONNECTION_CREDENTIALS"], "ConnectParticipant": True})
token = connection["ConnectionCredentials"]["ConnectionToken"]
control("POST", f"chats/{chat['ContactId']}/participants/agent/messages", {"Content": "How can I help?"})

fault = control("POST", "faults", {"On": "SendMessage", "Times": 2, "Effect": {"Name": "Fail", "Status": 429, "Code": "ThrottlingException"}})
participant("message", token, {"ContentType": "text/plain", "Content": "My order is late"})

for item in participant("transcript", token, {"SortOrder": "ASCENDING"})["Transcript"]:
    if item["Type"] == "MESSAGE":
        print(f"{item['DisplayName']}: {item['Content']}")
print("throttled", control("GET", f"faults/{fault['FaultId']}")["Applied"], "times")

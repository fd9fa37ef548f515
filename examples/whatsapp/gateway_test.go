// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestMessagesReachTheOtherSide(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		contact := s.begin()
		contact.Agent.Say("How can I help?")
		require.Equal(t, shown{kind: "text", text: "How can I help?"}, s.last())
		s.writes("I have a question.")
		require.Equal(t, []string{"Hello!", "I have a question."}, words(said(contact)))
		require.Equal(t, "Ann", said(contact)[0].DisplayName)
		require.Empty(t, s.display(), "the customer's own messages must not be shown")
		require.Len(t, s.chats, 1)
	})
}

func TestEachNumberHasAChat(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		first := s.begin()
		s.number = "15550101"
		second := s.begin()
		second.Agent.Say("Hello, second!")
		require.Equal(t, "Hello, second!", s.last().text)
		require.Len(t, said(first), 1)
		require.Len(t, said(second), 1)
	})
}

func TestBurstsAreOneMessage(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		contact := s.begin()
		long := strings.Repeat("x", maxJoined)
		for _, text := range []string{"one", "two", "three", long, "four"} {
			require.NoError(t, s.write(t.Context(), text))
		}
		s.wait(5 * time.Second)
		s.writes("five")
		require.Equal(t, []string{"Hello!", "one\ntwo\nthree", long, "four", "five"}, words(said(contact)))
	})
}

func TestLongMessagesAreSplit(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		contact := s.begin()
		contact.Agent.Say(strings.Repeat("Five. ", 1000))
		all := s.display()
		require.Len(t, all, 2)
		for _, m := range all {
			require.LessOrEqual(t, len(m.text), maxText)
			require.True(t, strings.HasSuffix(m.text, "Five."))
		}
	})
}

func TestProcessedMessageIsShownOnce(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		s.options = func(o *participanttest.ChatOptions) {
			o.MessageProcessing = true
			o.ProcessingDelay = 20 * time.Second
		}
		s.writes("Hello!")
		s.chats[0].Agent.Say("checked")
		s.wait(5 * time.Minute)
		all := s.display()
		require.Len(t, all, 2)
		require.Equal(t, "Welcome!", all[0].text)
		require.Equal(t, "checked", all[1].text)
	})
}

func TestFirstMessageAfterTheEndStartsAChat(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*scene, *participanttest.Contact){
		"the end is seen": func(_ *scene, c *participanttest.Contact) { c.End() },
		"the end comes with the message": func(s *scene, c *participanttest.Contact) {
			require.NoError(s.t, s.write(s.t.Context(), "too late"))
			c.End()
		},
		"the service denies the message": func(s *scene, c *participanttest.Contact) {
			s.srv.Inject(participanttest.Fault{
				On: "SendMessage", Contact: c, Effect: participanttest.Fail(403, "AccessDeniedException"),
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				t := s.t
				first := s.begin()
				first.Agent.Say("Goodbye.")
				end(s, first)
				s.wait(30 * time.Second)
				s.writes("Hello again!")
				s.wait(30 * time.Second)
				require.Len(t, s.chats, 2)
				texts := words(said(s.chats[1]))
				require.Equal(t, "Hello again!", texts[len(texts)-1])
				require.Equal(t, []string{"Hello!"}, words(said(first)))
				all := s.display()
				require.Equal(t, "Goodbye.", all[0].text, "nothing of the old chat is lost")
				require.Equal(t, "Welcome!", all[len(all)-1].text)
				require.Zero(t, first.Sockets(), "the old session is closed")
			})
		})
	}
}

func TestLastMessagesOfAChatAreShownBeforeTheNextChat(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		contact := s.begin()
		s.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Contact: contact, Effect: participanttest.Delay(4 * time.Second)})
		contact.Agent.Say("Goodbye.")
		contact.End()
		s.writes("One more question")
		s.wait(30 * time.Second)
		var texts []string
		for _, m := range s.display() {
			texts = append(texts, m.text)
		}
		require.Equal(t, []string{"Goodbye.", goodbye, "Welcome!"}, texts)
		require.Equal(t, []string{"One more question"}, words(said(s.chats[1])))
	})
}

func TestCustomerWithoutAChatHasNoGoroutine(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		s.begin().End()
		require.Equal(t, goodbye, s.last().text)
		s.wait(time.Minute)
		s.gw.mu.Lock()
		defer s.gw.mu.Unlock()
		require.Empty(t, s.gw.customers)
	})
}

func TestCustomerIsNotifiedOfUndeliveredMessages(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		s.refused = true
		s.writes("secret words")
		require.Equal(t, notDelivered, s.last().text)
		require.Contains(t, s.log.String(), "made-up refusal")

		s.refused = false
		contact := s.begin()
		require.NoError(t, s.attach(t.Context(), "image/x-made-up", "", []byte("made up")))
		s.wait(5 * time.Second)
		require.Equal(t, notDelivered, s.last().text, "the service refuses the type")
		s.writes("Never mind.")
		require.Equal(t, []string{"Hello!", "Never mind."}, words(said(contact)), "the chat continues")
	})
}

func TestFilesOfTheCustomer(t *testing.T) {
	t.Parallel()
	for contentType, name := range map[string]string{"image/jpeg": "whatsapp.jpg", "video/mp4; codecs=avc1": "whatsapp.mp4"} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				t := s.t
				contact := s.begin()
				require.NoError(t, s.attach(t.Context(), contentType, "my parcel", []byte("made up")))
				s.wait(10 * time.Second)
				items := said(contact)
				require.Len(t, items, 3)
				require.Equal(t, name, items[1].Attachments[0].AttachmentName)
				require.Equal(t, "my parcel", items[2].Content)
				require.Empty(t, s.display(), "the customer's own files must not be shown")
			})
		})
	}
}

func TestFilesForTheCustomer(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		s.options = func(o *participanttest.ChatOptions) { o.ScanDelay = time.Minute }
		contact := s.begin()
		contact.Agent.ShareFile("bill.pdf", "application/pdf", []byte("a bill"))
		contact.Agent.ShareFile("map.png", "image/png", []byte("a map"))
		contact.Agent.ShareFile("photo.png", "image/png", bytes.Repeat([]byte("x"), maxImage+1))
		require.Empty(t, s.display(), "the scan isn't complete")
		s.wait(10 * time.Minute)
		all := s.display()
		require.Len(t, all, 3, "each is shown once")
		require.Equal(t, shown{kind: "document", text: "bill.pdf", file: []byte("a bill")}, all[0])
		require.Equal(t, shown{kind: "image", file: []byte("a map")}, all[1])
		require.Equal(t, "document", all[2].kind, "too large for an image")
	})
}

func TestUpdatedMessagesAreShownOnce(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		contact := s.begin()
		contact.Agent.ShareFile("bill.pdf", "application/pdf", []byte("a bill"))
		kept := contact.Transcript()
		file := kept[len(kept)-1]
		file.Id = "made-up-file"
		file.Attachments = append(file.Attachments, participanttest.AttachmentItem{
			AttachmentId: "another", AttachmentName: "map.png", Status: types.ArtifactStatusInProgress,
		})
		text := participanttest.Item{
			Id: "made-up-text", Type: "MESSAGE", ContentType: "text/plain", Content: "checked", ParticipantRole: types.ParticipantRoleAgent,
			MessageMetadata: &participanttest.MessageMetadata{MessageProcessingStatus: types.MessageProcessingStatusProcessing},
		}
		contact.Push(file)
		contact.Push(text)
		s.wait(5 * time.Second)
		file.Attachments[1].Status = types.ArtifactStatusRejected
		text.MessageMetadata = nil
		contact.Push(file)
		contact.Push(text)
		all := s.display()
		require.Len(t, all, 2)
		require.Equal(t, "bill.pdf", all[0].text)
		require.Equal(t, "checked", all[1].text)
	})
}

func TestRejectedFilesAreNotShown(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		s.options = func(o *participanttest.ChatOptions) { o.ScanVerdict = types.ArtifactStatusRejected }
		s.begin().Agent.ShareFile("virus.pdf", "application/pdf", []byte("made up"))
		require.Empty(t, s.display())
	})
}

func TestCloseKeepsTheChat(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		contact := s.begin()
		require.NoError(t, s.write(t.Context(), "not delivered any more"))
		s.gw.close()
		synctest.Wait() // the server notices the closed socket
		require.Zero(t, s.srv.Sockets())
		require.Zero(t, contact.Customer.Count("DisconnectParticipant"))
		require.ErrorContains(t, s.write(t.Context(), "after the end"), "503")
	})
}

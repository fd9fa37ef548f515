// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

const (
	startPath    = "/participant/start-attachment-upload"
	completePath = "/participant/complete-attachment-upload"
	getPath      = "/participant/attachment"
	content      = "PDF or so"
)

// upload is an attachment that StartAttachmentUpload accepted.
type upload struct {
	bench
	id, url string
	headers map[string]string
}

func start(t *testing.T, b bench) upload {
	t.Helper()
	out := ok(t, b.srv, startPath, b.customer, body(t, "AttachmentName", "plan.PDF", "ContentType", "application/pdf",
		"AttachmentSizeInBytes", len(content), "ClientToken", "c"))
	metadata := out["UploadMetadata"].(object)
	u := upload{b, out["AttachmentId"].(string), metadata["Url"].(string), map[string]string{}}
	for name, value := range metadata["HeadersToInclude"].(object) {
		u.headers[name] = value.(string)
	}
	require.True(t, parse(t, metadata["UrlExpiry"]).After(time.Now()))
	return u
}

// put is a request that S3 accepts.
func (u upload) put(t *testing.T) *http.Request {
	t.Helper()
	req := request(t, http.MethodPut, u.url, "", content)
	for name, value := range u.headers {
		req.Header.Set(name, value)
	}
	return req
}

func (u upload) send(t *testing.T) {
	t.Helper()
	a := do(t, u.srv.Client(), u.put(t))
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	require.NotEmpty(t, a.header.Get("ETag"))
}

func (u upload) complete(t *testing.T, bearer string) response {
	t.Helper()
	return post(t, u.srv, completePath, bearer, body(t, "AttachmentIds", []string{u.id}))
}

func (u upload) status(t *testing.T) any {
	t.Helper()
	last := transcript(t, u.bench, `{"MaxResults":1}`)[0]
	return last["Attachments"].([]any)[0].(object)["Status"]
}

func TestAttachmentUploadAndDownload(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	u.send(t)
	u.send(t)
	require.JSONEq(t, `{}`, string(u.complete(t, b.customer).body))
	list := transcript(t, b, oldestFirst)
	require.Len(t, list, 3)
	last := list[2]
	delete(last, "Id")
	delete(last, "AbsoluteTime")
	require.Equal(t, object{
		"Type": "ATTACHMENT", "ContactId": b.contact.ID, "ParticipantRole": "CUSTOMER", "DisplayName": "Customer",
		"ParticipantId": b.contact.Customer.ID,
		"Attachments": []any{object{
			"AttachmentId": u.id, "AttachmentName": "plan.PDF", "ContentType": "application/pdf", "Status": "APPROVED",
		}},
	}, last)

	out := ok(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id))
	require.EqualValues(t, len(content), out["AttachmentSizeInBytes"])
	require.WithinDuration(t, time.Now().Add(300*time.Second), parse(t, out["UrlExpiry"]), 5*time.Second)
	file := do(t, b.srv.Client(), request(t, http.MethodGet, out["Url"].(string), "", ""))
	require.Equal(t, http.StatusOK, file.status)
	require.Equal(t, content, string(file.body))
	require.Equal(t, "application/pdf", file.header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="plan.PDF"`, file.header.Get("Content-Disposition"))
}

func TestContentDispositionOfADownload(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	u.send(t)
	u.complete(t, b.customer)
	for disposition, want := range map[string]string{
		"INLINE":     `inline; filename="plan.PDF"`,
		"ATTACHMENT": `attachment; filename="plan.PDF"`,
	} {
		out := ok(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id, "UrlContentDisposition", disposition))
		file := do(t, b.srv.Client(), request(t, http.MethodGet, out["Url"].(string), "", ""))
		require.Equal(t, http.StatusOK, file.status)
		require.Equal(t, want, file.header.Get("Content-Disposition"))
		forged := strings.Replace(out["Url"].(string), "?", "?response-content-disposition=inline&", 1)
		storageRefused(t, do(t, b.srv.Client(), request(t, http.MethodGet, forged, "", "")), http.StatusForbidden, "SignatureDoesNotMatch")
	}
	refused := post(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id, "UrlContentDisposition", "SIDEWAYS"))
	require.Equal(t, http.StatusBadRequest, refused.status)
}

func TestUploadHeaders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	require.Equal(t, fmt.Sprint(len(content)), u.headers["Content-Length"])
	require.Equal(t, "application/pdf", u.headers["Content-Type"])
	require.Equal(t, `attachment; filename="plan.PDF"`, u.headers["Content-Disposition"])
	require.Equal(t, b.contact.ID, u.headers["x-amz-meta-contact_id"])
	require.Equal(t, b.contact.ID, u.headers["x-amz-meta-initial_contact_id"])
	require.Equal(t, "bucket-owner-full-control", u.headers["x-amz-acl"])
	require.Contains(t, u.headers, "x-amz-meta-account_id")
	require.Contains(t, u.headers, "x-amz-meta-organization_id")
	query, err := url.ParseQuery(u.url[strings.Index(u.url, "?")+1:])
	require.NoError(t, err)
	require.NotEmpty(t, query.Get("X-Amz-Signature"))
	require.Contains(t, query.Get("X-Amz-SignedHeaders"), "x-amz-meta-contact_id")
}

// storageRefused expects an error response of S3.
func storageRefused(t *testing.T, a response, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	require.Equal(t, "application/xml", a.header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(string(a.body), `<?xml version="1.0" encoding="UTF-8"?>`))
	var body struct {
		Code, Message string
		RequestID     string `xml:"RequestId"`
	}
	require.NoError(t, xml.Unmarshal(a.body, &body))
	require.Equal(t, code, body.Code)
	require.NotEmpty(t, body.Message)
	require.Equal(t, a.header.Get("X-Amz-Request-Id"), body.RequestID)
}

func TestPutsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	for name := range u.headers {
		if name == "Content-Length" {
			continue
		}
		t.Run(name+" altered", func(t *testing.T) {
			t.Parallel()
			req := u.put(t)
			req.Header.Set(name, u.headers[name]+"x")
			storageRefused(t, do(t, b.srv.Client(), req), http.StatusForbidden, "SignatureDoesNotMatch")
			req = u.put(t)
			req.Header.Del(name)
			storageRefused(t, do(t, b.srv.Client(), req), http.StatusForbidden, "SignatureDoesNotMatch")
		})
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		code   string
	}{
		"shorter":        {func(r *http.Request) { setBody(r, content[1:]) }, http.StatusBadRequest, "EntityTooSmall"},
		"longer":         {func(r *http.Request) { setBody(r, content+"x") }, http.StatusBadRequest, "EntityTooLarge"},
		"chunked":        {func(r *http.Request) { r.ContentLength = -1 }, http.StatusLengthRequired, "MissingContentLength"},
		"bearer":         {func(r *http.Request) { r.Header.Set("X-Amz-Bearer", b.customer) }, http.StatusBadRequest, "InvalidArgument"},
		"authorization":  {func(r *http.Request) { r.Header.Set("Authorization", "AWS4") }, http.StatusBadRequest, "InvalidArgument"},
		"another method": {func(r *http.Request) { r.Method = http.MethodPost }, http.StatusForbidden, "SignatureDoesNotMatch"},
		"another file":   {func(r *http.Request) { r.URL.Path += "0" }, http.StatusForbidden, "SignatureDoesNotMatch"},
		"another chat":   {func(r *http.Request) { r.URL.Path = "/storage/x/y" }, http.StatusForbidden, "SignatureDoesNotMatch"},
		"unsigned":       {func(r *http.Request) { r.URL.RawQuery = "" }, http.StatusForbidden, "AccessDenied"},
		"longer life":    {func(r *http.Request) { editQuery(r, "X-Amz-Expires", "9999") }, http.StatusForbidden, "SignatureDoesNotMatch"},
		"fewer headers":  {func(r *http.Request) { editQuery(r, "X-Amz-SignedHeaders", "host") }, http.StatusForbidden, "SignatureDoesNotMatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := u.put(t)
			c.change(req)
			storageRefused(t, do(t, b.srv.Client(), req), c.status, c.code)
		})
	}
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

func editQuery(r *http.Request, name, value string) {
	query := r.URL.Query()
	query.Set(name, value)
	r.URL.RawQuery = query.Encode()
}

func TestUploadURLExpires(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	b.srv.Advance(15 * time.Minute)
	a := do(t, b.srv.Client(), u.put(t))
	storageRefused(t, a, http.StatusForbidden, "AccessDenied")
	require.Contains(t, string(a.body), "<Message>Request has expired</Message>")
}

func TestDownloadURLExpires(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	u.send(t)
	u.complete(t, b.customer)
	out := ok(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id, "UrlExpiryInSeconds", 60))
	get := func() response { return do(t, b.srv.Client(), request(t, http.MethodGet, out["Url"].(string), "", "")) }
	b.srv.Advance(50 * time.Second)
	require.Equal(t, http.StatusOK, get().status)
	leak := request(t, http.MethodGet, out["Url"].(string), b.agent, "")
	storageRefused(t, do(t, b.srv.Client(), leak), http.StatusBadRequest, "InvalidArgument")
	b.srv.Advance(10 * time.Second)
	storageRefused(t, get(), http.StatusForbidden, "AccessDenied")
}

func TestSignedURLsOutliveTheChat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	b.contact.End()
	u.send(t)
}

func TestCompleteInTheWrongOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	refused(t, u.complete(t, b.customer), http.StatusConflict, "ConflictException", "has not been uploaded")
	u.send(t)
	refused(t, u.complete(t, b.agent), http.StatusBadRequest, "ValidationException", "'AttachmentIds'")
	require.Equal(t, http.StatusOK, u.complete(t, b.customer).status)
	refused(t, u.complete(t, b.customer), http.StatusConflict, "ConflictException", "completed already")
	req := u.put(t)
	req.Body = io.NopCloser(strings.NewReader(strings.Repeat("x", len(content))))
	require.Equal(t, http.StatusOK, do(t, b.srv.Client(), req).status, "a late PUT")
	out := ok(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id))
	require.Equal(t, content, string(do(t, b.srv.Client(), request(t, http.MethodGet, out["Url"].(string), "", "")).body))
}

func TestCompleteAcceptsExactlyOneKnownAttachment(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	for _, ids := range []any{nil, []string{}, []string{u.id, u.id}, []string{"no-such"}, "one", []int{1}} {
		a := post(t, b.srv, completePath, b.customer, body(t, "AttachmentIds", ids))
		refused(t, a, http.StatusBadRequest, "ValidationException", "'AttachmentIds'")
	}
}

func TestStartLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		name, contentType string
		size              any
		member            string
	}{
		"largest":           {"a.txt", "text/plain", 20 << 20, ""},
		"parameters":        {"a.b.JPEG", "text/plain; charset=utf-8", 1, ""},
		"unknown type":      {"a.txt", "application/octet-stream", 1, ""},
		"too large":         {"a.txt", "text/plain", 20<<20 + 1, "AttachmentSizeInBytes"},
		"empty":             {"a.txt", "text/plain", 0, "AttachmentSizeInBytes"},
		"no size":           {"a.txt", "text/plain", nil, "AttachmentSizeInBytes"},
		"size is text":      {"a.txt", "text/plain", "1", "AttachmentSizeInBytes"},
		"no name":           {"", "text/plain", 1, "AttachmentName"},
		"long name":         {strings.Repeat("a", 253) + ".txt", "text/plain", 1, "AttachmentName"},
		"no extension":      {"txt", "text/plain", 1, "AttachmentName"},
		"another extension": {"a.exe", "text/plain", 1, "AttachmentName"},
		"no content type":   {"a.txt", "", 1, "ContentType"},
		"long content type": {"a.txt", "text/" + strings.Repeat("x", 251), 1, "ContentType"},
		"bad content type":  {"a.txt", "text/plain\r\nX: y", 1, "ContentType"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := post(t, b.srv, startPath, b.customer, body(t, "AttachmentName", c.name, "ContentType", c.contentType, "AttachmentSizeInBytes", c.size))
			if c.member == "" {
				require.Equal(t, http.StatusOK, a.status, "%s", a.body)
				return
			}
			refused(t, a, http.StatusBadRequest, "ValidationException", "'"+c.member+"'")
		})
	}
	a := post(t, b.srv, startPath, b.customer, body(t, "AttachmentName", "a.txt", "ContentType", "text/plain", "AttachmentSizeInBytes", 1, "ClientToken", ""))
	refused(t, a, http.StatusBadRequest, "ValidationException", "'ClientToken'")
}

func TestNamesThatAHeaderCannotHold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, name := range []string{"Pläne.pdf", "a\"b.pdf", "a\nb.pdf", strings.Repeat("ü", 200) + ".pdf", strings.Repeat("a", 252) + ".pdf"} {
		out := ok(t, b.srv, startPath, b.customer, body(t, "AttachmentName", name, "ContentType", "application/pdf", "AttachmentSizeInBytes", len(content)))
		metadata := out["UploadMetadata"].(object)
		u := upload{b, out["AttachmentId"].(string), metadata["Url"].(string), map[string]string{}}
		for header, value := range metadata["HeadersToInclude"].(object) {
			require.LessOrEqual(t, len(value.(string)), 256)
			u.headers[header] = value.(string)
		}
		u.send(t)
		require.Equal(t, http.StatusOK, u.complete(t, b.customer).status)
		last := transcript(t, b, `{"MaxResults":1}`)[0]
		require.Equal(t, name, last["Attachments"].([]any)[0].(object)["AttachmentName"])
	}
}

func TestAttachmentSizeIsAnOption(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.MaxAttachmentBytes = 10 })
	bearer := token(t, srv, srv.NewChat().Customer)
	for size, status := range map[int]int{10: http.StatusOK, 11: http.StatusBadRequest} {
		a := post(t, srv, startPath, bearer, body(t, "AttachmentName", "a.txt", "ContentType", "text/plain", "AttachmentSizeInBytes", size))
		require.Equal(t, status, a.status)
	}
}

func TestTheThirtySixthAttachmentIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	begin := func() response {
		return post(t, b.srv, startPath, b.customer, body(t, "AttachmentName", "a.txt", "ContentType", "text/plain", "AttachmentSizeInBytes", 1))
	}
	late := start(t, b)
	late.send(t)
	for range 35 {
		metadata := begin().object(t)
		u := upload{b, metadata["AttachmentId"].(string), metadata["UploadMetadata"].(object)["Url"].(string), map[string]string{}}
		req := request(t, http.MethodPut, u.url, "", "x")
		for name, value := range metadata["UploadMetadata"].(object)["HeadersToInclude"].(object) {
			req.Header.Set(name, value.(string))
		}
		require.Equal(t, http.StatusOK, do(t, b.srv.Client(), req).status)
		require.Equal(t, http.StatusOK, u.complete(t, b.customer).status)
	}
	refused(t, begin(), http.StatusPaymentRequired, "ServiceQuotaExceededException", "35 attachments")
	refused(t, late.complete(t, b.customer), http.StatusPaymentRequired, "ServiceQuotaExceededException", "35 attachments")
}

func TestScanDelay(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *participanttest.ChatOptions) { o.ScanDelay = time.Hour })
	u := start(t, b)
	u.send(t)
	u.complete(t, b.customer)
	id := transcript(t, b, `{"MaxResults":1}`)[0]["Id"]
	require.Equal(t, "IN_PROGRESS", u.status(t))
	refused(t, post(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id)), http.StatusBadRequest, "ValidationException", "approved")
	require.Equal(t, http.StatusOK, b.receipt(t, b.agent, "read", id.(string)).status)
	b.srv.Advance(time.Hour)
	require.Equal(t, "APPROVED", u.status(t))
	require.Contains(t, transcript(t, b, `{"MaxResults":1}`)[0], "MessageMetadata", "the receipt is kept")
	require.Equal(t, id, transcript(t, b, `{"MaxResults":1}`)[0]["Id"])
	ok(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id))
}

func TestScanEndsByItself(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *participanttest.ChatOptions) { o.ScanDelay = time.Millisecond })
	u := start(t, b)
	u.send(t)
	u.complete(t, b.customer)
	for began := time.Now(); u.status(t) != "APPROVED"; {
		require.Less(t, time.Since(began), 10*time.Second)
	}
}

func TestRejectedAttachmentHasNoDownload(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *participanttest.ChatOptions) { o.ScanVerdict = "REJECTED" })
	u := start(t, b)
	u.send(t)
	u.complete(t, b.customer)
	require.Equal(t, "REJECTED", u.status(t))
	refused(t, post(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id)), http.StatusBadRequest, "ValidationException", "approved")
}

func TestDownloadsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := start(t, b)
	u.send(t)
	u.complete(t, b.customer)
	for _, seconds := range []any{0, 4, 301, -1, "60", 5.5} {
		a := post(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id, "UrlExpiryInSeconds", seconds))
		refused(t, a, http.StatusBadRequest, "ValidationException", "'UrlExpiryInSeconds'")
	}
	for _, id := range []any{nil, "", "no-such"} {
		a := post(t, b.srv, getPath, b.agent, body(t, "AttachmentId", id))
		refused(t, a, http.StatusBadRequest, "ValidationException", "'AttachmentId'")
	}
	other := token(t, b.srv, b.srv.NewChat().Customer)
	refused(t, post(t, b.srv, getPath, other, body(t, "AttachmentId", u.id)), http.StatusBadRequest, "ValidationException", "'AttachmentId'")
	bot := token(t, b.srv, b.contact.AddParticipant("CUSTOM_BOT", "Bot"))
	denied(t, post(t, b.srv, getPath, bot, body(t, "AttachmentId", u.id)))
}

// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"log/slog"

	"github.com/participant-go/connectparticipant/internal/redact"
)

// ApplePay requests a payment, for Apple Messages only. The members are those of Apple's
// documentation of payments in Messages for Business.
type ApplePay struct {
	// Title is required. Up to 512 characters.
	Title string
	// Subtitle has up to 512 characters.
	Subtitle string
	Image    Image
	Payment  ApplePayment
	// RequestIdentifier defaults to one that the service generates.
	RequestIdentifier string
	ReplyMessage      *ReplyMessage

	source
}

// Template returns ApplePay.
func (m *ApplePay) Template() Template { return TemplateApplePay }

func (m *ApplePay) visit(v visitor) {
	envelope(v, TemplateApplePay, optionalReply(&m.ReplyMessage), func(v visitor) {
		v.member("title", text(&m.Title), between(1, 512).must())
		v.member("subtitle", text(&m.Subtitle), atMost(512))
		visitImage(v, &m.Image)
		v.object("payment", free.must(), func(v visitor) {
			v.object("endpoints", free.must(), m.Payment.Endpoints.visit)
			v.object("merchantSession", free.must(), m.Payment.MerchantSession.visit)
			v.object("paymentRequest", free.must(), m.Payment.Request.visit)
		})
		v.member("requestIdentifier", text(&m.RequestIdentifier), free)
	})
}

// LogValue hides the payment from log/slog.
func (m *ApplePay) LogValue() slog.Value { return redact.LogValue(*m) }

// outline shows the total.
func (m *ApplePay) outline(*TextOptions) outline {
	request := &m.Payment.Request
	s := section{title: m.Title, subtitle: m.Subtitle, image: m.Image}
	for _, item := range request.LineItems {
		s.entries = append(s.entries, entry{title: oneLine(item.Label), detail: oneLine(item.Amount)})
	}
	if total := request.Total; total.Amount != "" {
		s.entries = append(s.entries, entry{title: oneLine(total.Label), detail: oneLine(total.Amount + " " + request.CurrencyCode)})
	}
	return outline{s}
}

// ApplePayment is the payment of an [ApplePay].
type ApplePayment struct {
	Endpoints       ApplePayEndpoints
	MerchantSession ApplePayMerchantSession
	Request         ApplePayRequest
}

// ApplePayEndpoints are the URLs that Apple calls or opens.
type ApplePayEndpoints struct {
	// PaymentGatewayURL is required.
	PaymentGatewayURL string
	// FallbackURL defaults to PaymentGatewayURL.
	FallbackURL                                                                                 string
	OrderTrackingURL, PaymentMethodUpdateURL, ShippingContactUpdateURL, ShippingMethodUpdateURL string
}

func (e *ApplePayEndpoints) visit(v visitor) {
	v.member("paymentGatewayUrl", text(&e.PaymentGatewayURL), free.must())
	v.member("fallbackUrl", text(&e.FallbackURL), free)
	v.member("orderTrackingUrl", text(&e.OrderTrackingURL), free)
	v.member("paymentMethodUpdateUrl", text(&e.PaymentMethodUpdateURL), free)
	v.member("shippingContactUpdateUrl", text(&e.ShippingContactUpdateURL), free)
	v.member("shippingMethodUpdateUrl", text(&e.ShippingMethodUpdateURL), free)
}

// ApplePayMerchantSession is the result of Apple's payment session.
type ApplePayMerchantSession struct {
	// DisplayName is required. Up to 64 characters.
	DisplayName string
	// Initiative is required: messaging.
	Initiative string
	// InitiativeContext, MerchantIdentifier and MerchantSessionIdentifier are required.
	InitiativeContext, MerchantIdentifier, MerchantSessionIdentifier string
	// EpochTimestamp and ExpiresAt are required, in the unit of Apple's response.
	EpochTimestamp, ExpiresAt int
	Nonce, Signature          string
	SignedFields              []string
}

func (s *ApplePayMerchantSession) visit(v visitor) {
	v.member("displayName", text(&s.DisplayName), between(1, 64).must())
	v.member("initiative", text(&s.Initiative), oneOf("messaging").must())
	v.member("initiativeContext", text(&s.InitiativeContext), free.must())
	v.member("merchantIdentifier", text(&s.MerchantIdentifier), free.must())
	v.member("merchantSessionIdentifier", text(&s.MerchantSessionIdentifier), free.must())
	v.member("epochTimestamp", whole(&s.EpochTimestamp), notEmpty.must())
	v.member("expiresAt", whole(&s.ExpiresAt), notEmpty.must())
	v.member("nonce", text(&s.Nonce), free)
	v.member("signature", text(&s.Signature), free)
	v.member("signedFields", texts(&s.SignedFields), free)
}

// ApplePayRequest describes the payment.
type ApplePayRequest struct {
	// MerchantIdentifier, MerchantCapabilities, which must include supports3DS, and
	// SupportedNetworks are the members of applePay. Required.
	MerchantIdentifier                      string
	MerchantCapabilities, SupportedNetworks []string
	// CountryCode and CurrencyCode are required.
	CountryCode, CurrencyCode string
	// Total is required.
	Total ApplePayItem
	// LineItems itemize the total.
	LineItems                                                   []ApplePayItem
	RequiredBillingContactFields, RequiredShippingContactFields []string
	ShippingMethods                                             []ApplePayShippingMethod
	SupportedCountries                                          []string
}

func (r *ApplePayRequest) visit(v visitor) {
	v.object("applePay", free.must(), func(v visitor) {
		v.member("merchantIdentifier", text(&r.MerchantIdentifier), free.must())
		v.member("merchantCapabilities", texts(&r.MerchantCapabilities), free.must())
		v.rule("merchantCapabilities", contains(r.MerchantCapabilities, "supports3DS"), `must have "supports3DS"`)
		v.member("supportedNetworks", texts(&r.SupportedNetworks), free.must())
	})
	v.member("countryCode", text(&r.CountryCode), free.must())
	v.member("currencyCode", text(&r.CurrencyCode), free.must())
	v.object("total", free.must(), r.Total.visit)
	many(v, "lineItems", &r.LineItems, notEmpty)
	v.member("requiredBillingContactFields", texts(&r.RequiredBillingContactFields), free)
	v.member("requiredShippingContactFields", texts(&r.RequiredShippingContactFields), free)
	many(v, "shippingMethods", &r.ShippingMethods, free)
	v.member("supportedCountries", texts(&r.SupportedCountries), free)
}

// contains returns true for no values, which the rule for required members reports.
func contains(values []string, want string) bool {
	for _, v := range values {
		if v == want {
			return true
		}
	}
	return len(values) == 0
}

// ApplePayItem is an amount with a label.
type ApplePayItem struct {
	// Amount, such as "12.50", and Label are required.
	Amount, Label string
	// Type is final or pending.
	Type string

	source
}

func (i *ApplePayItem) visit(v visitor) {
	v.member("amount", text(&i.Amount), free.must())
	v.member("label", text(&i.Label), free.must())
	v.member("type", text(&i.Type), oneOf("final", "pending"))
}

// ApplePayShippingMethod is a shipping method. All its members are required.
type ApplePayShippingMethod struct {
	Amount, Detail, Label, Identifier string

	source
}

func (m *ApplePayShippingMethod) visit(v visitor) {
	v.member("amount", text(&m.Amount), free.must())
	v.member("detail", text(&m.Detail), free.must())
	v.member("label", text(&m.Label), free.must())
	v.member("identifier", text(&m.Identifier), free.must())
}

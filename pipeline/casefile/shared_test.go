package casefile

import (
	"testing"

	"exhibit/pipeline"
)

// The two examples that describe the format lie beside the repository, where
// they are delivered with it.

func TestSharedExample(t *testing.T) {
	until := func(f *pipeline.Field) { f.Needed.Until = day(t, "2019-10-31") }
	hex64 := func(f *pipeline.Field) { f.Required, f.Constraints.Pattern = true, "[0-9a-f]{64}" }
	sources := []pipeline.Source{
		source(14, 19, "kakaopay-alipay", pipeline.Transfers, "kakaopay", "kakaopay/alipay/*.csv.gz", []pipeline.Field{
			field(29, "SEND_DT", "date", "date", format("%Y%m%d")),
			field(30, "USER_ID", "string", "account", identifies("account"), hex64),
			field(31, "HP_NO", "string", "identifier", identifies("phone")),
			field(32, "EMAIL", "string", "identifier", identifies("email")),
			field(33, "USER_NM", "string", "identifier", identifies("name"), never),
			field(34, "BALANCE", "integer", "attribute", until),
			field(35, "TXN_CNT", "integer", "attribute", never),
		}, sent("alipay", "CN", "nsf-score", fromBoth(`_(\d{8})(?:_\d+)?\.csv\.gz$`, "%Y%m%d")), func(s *pipeline.Source) {
			s.Parts, s.Cadence, s.Encoding, s.Dialect.Delimiter = true, "daily", "cp949", '|'
			s.Control = &pipeline.ControlTotals{Files: "kakaopay/alipay/*.ctl", Records: 1, Line: 25}
			s.Schema.MissingValues = []string{"", `\N`}
		}),
		source(36, 41, "tosspayments-alipay", pipeline.Transfers, "tosspayments", "toss/*.jsonl", []pipeline.Field{
			field(44, "sent_on", "date", "date"), field(44, "uid", "string", "account"), field(44, "email", "string", "identifier", identifies("email")),
		}, sent("alipay", "CN", "settlement", fromField()), func(s *pipeline.Source) { s.Format = "jsonl" }),
		source(45, 50, "marketplace-sellers", pipeline.Transfers, "marketplace", "marketplace/*.csv", []pipeline.Field{
			field(54, "order_date", "date", "date"), field(55, "buyer", "string", "account"), field(56, "seller_id", "string", "recipient"),
			field(57, "seller_country", "string", "recipient_country"), field(58, "phone", "string", "identifier", identifies("phone")),
		}, sent("", "", "delivery", fromField())),
		source(59, 62, "customers", pipeline.Customers, "kakaopay", "kakaopay/customers_*.csv", []pipeline.Field{
			field(66, "account_id", "string", "account", required), field(67, "person_id", "string", "person"),
			field(68, "holder", "string", "holder", values("OWNER", "owner", "JOINT", "joint")),
			field(69, "joined_on", "date", "joined"), field(70, "dormant_from", "date", "dormant"), field(71, "withdrawn_on", "date", "withdrawn"),
		}, func(s *pipeline.Source) { s.AsOf = fromName(`_(\d{8})\.csv$`, "%Y%m%d") }),
		source(72, 72, "payments", pipeline.OverseasPayments, "kakaopay", "kakaopay/overseas_*.csv", []pipeline.Field{
			field(73, "account_id", "string", "account"), field(73, "paid_on", "date", "paid"), field(73, "country", "string", "country"),
			field(74, "state", "string", "payment_status", values("OK", "settled", "CANCEL", "cancelled")),
		}),
		source(75, 75, "consents", pipeline.Consents, "kakaopay", "kakaopay/consents.csv", []pipeline.Field{
			field(76, "account_id", "string", "account"), field(76, "kind", "string", "consent", values("SHARE", "third_party", "ABROAD", "overseas")),
			field(77, "recipient", "string", "recipient"), field(77, "purpose", "string", "purpose"),
			field(78, "given_on", "date", "from"), field(78, "revoked_on", "date", "until"),
		}),
		source(79, 79, "contracts", pipeline.Contracts, "kakaopay", "kakaopay/contracts.csv", []pipeline.Field{
			field(80, "basis", "string", "basis", values("CONSIGN", "outsourcing", "SHARE", "provision")), field(80, "recipient", "string", "recipient"),
			field(81, "purpose", "string", "purpose"), field(81, "field", "string", "field"), field(81, "from", "date", "from"), field(81, "to", "date", "until"),
		}),
	}
	const fss = "FSS, 13 Aug 2024"
	expectCase(t, "../../../shared/case-example.yaml", true, &pipeline.Case{
		Name: "alipay-2024", Title: pipeline.Text{En: "Customer data sent to Alipay", Ko: "알리페이 고객정보 제공 검사"},
		Span:        pipeline.DayRange{From: day(t, "2018-04-01"), To: day(t, "2024-05-22")},
		Stopped:     map[string]pipeline.Day{"kakaopay-alipay": day(t, "2024-05-15")},
		Population:  pipeline.Population{Persons: 50_600_000, Source: "about 80 % of the population, Korea Economic Daily, 13 Aug 2024"},
		Definitions: pipeline.Definitions{OverseasPayment: "settled", Holders: "owner", Outsourcing: "needs_consent", UnneededSince: day(t, "2019-11-01")},
		HomeCountry: "KR",
		Limits:      pipeline.Limits{RejectedPerMillion: 10_000, BulkTimes: 3},
		Sources:     sources,
		Claims: []pipeline.Claim{
			{ID: "fss-records", Text: "54.2 billion records", Figure: "total_records.total_records", Source: fss, Line: 84},
			{ID: "fss-records-ko", Text: "542억 건", Figure: "total_records.total_records", Source: "금융감독원, 2024-08-13", Line: 85},
			{ID: "fss-persons", Text: "40.45 million", Figure: "affected_persons.affected_persons", Source: fss, Line: 86},
			{ID: "fss-unneeded", Text: "some 550 million", Figure: "unneeded_items.items_of_payers", Source: "Korea Herald, 16 Aug 2024", Line: 87},
			{ID: "share", Text: "about 80%", Figure: "population_share.share", Source: "Korea Economic Daily, 13 Aug 2024", Line: 88},
			{ID: "since", Text: "April 2018", Figure: "time_span.first_date", Source: fss, Line: 89},
		},
	})
}

func TestSharedOnlineRetail(t *testing.T) {
	timed := format("%Y-%m-%d %H:%M:%S")
	expectCase(t, "../../../shared/data/online_retail/case.yaml", true, &pipeline.Case{
		Name: "online-retail", Title: pipeline.Text{En: "UCI Online Retail, cast as an inspection"},
		Span:        pipeline.DayRange{From: day(t, "2010-12-01"), To: day(t, "2011-12-09")},
		Definitions: pipeline.DefaultDefinitions(),
		HomeCountry: "KR",
		Limits:      pipeline.Limits{RejectedPerMillion: 10_000, BulkTimes: 3},
		Sources: []pipeline.Source{
			source(8, 13, "retail-daily", pipeline.Transfers, "retailer", "transfers/*.csv", []pipeline.Field{
				field(21, "InvoiceNo", "string", "attribute"), field(22, "StockCode", "string", "attribute"), field(23, "Description", "string", "ignore"),
				field(24, "Quantity", "integer", "attribute"), field(25, "InvoiceDate", "datetime", "attribute", timed),
				field(26, "UnitPrice", "number", "attribute", scale(3)), field(27, "CustomerID", "string", "account"), field(28, "Country", "string", "attribute"),
			}, sent("scoring-company", "CN", "scoring", fromName(`^(\d{4}-\d{2}-\d{2})\.csv$`, "%Y-%m-%d")), func(s *pipeline.Source) { s.Cadence = "daily" }),
			source(30, 33, "customers", pipeline.Customers, "retailer", "customers.csv", []pipeline.Field{
				field(37, "customer_id", "string", "account", required, unique), field(38, "first_seen", "date", "joined"),
				field(39, "last_seen", "date", "attribute"), field(40, "home_country", "string", "attribute"),
				field(41, "status", "string", "status", values("ACTIVE", "active", "DORMANT", "dormant")),
			}, func(s *pipeline.Source) { s.AsOf.Fixed = day(t, "2011-11-30") }),
			source(43, 46, "payments", pipeline.OverseasPayments, "retailer", "overseas_payments.csv", []pipeline.Field{
				field(49, "payment_id", "string", "attribute"), field(50, "customer_id", "string", "account", required),
				field(51, "paid_at", "datetime", "paid", timed), field(52, "country", "string", "country"), field(53, "amount", "number", "amount", scale(2)),
				field(54, "status", "string", "payment_status", values("SETTLED", "settled", "CANCELLED", "cancelled")),
			}),
		},
	})
}

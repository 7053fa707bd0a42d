use proptest::prelude::*;

use super::*;

/// Each condition, spelled out.
fn read(typed: &str) -> Vec<String> {
    Query::parse(typed).items().iter().map(|item| format!("{item:?}")).collect()
}

fn word(text: &str) -> String {
    format!("{:?}", Item { excluded: false, what: What::Word(text.into()) })
}

fn facet(excluded: bool, facet: Facet) -> String {
    format!("{:?}", Item { excluded, what: What::Facet(facet) })
}

fn named(name: &str) -> Who {
    Who::Named(Username::parse(name).unwrap())
}

#[test]
fn words_phrases_and_what_is_not_wanted_are_told_apart() {
    let phrase = |excluded, text: &str| format!("{:?}", Item { excluded, what: What::Phrase(text.into()) });
    assert_eq!(read(" disk  full "), [word("disk"), word("full")]);
    assert_eq!(read(r#"a "b  c" -"d e"f"#), [word("a"), phrase(false, "b c"), phrase(true, "d e"), word("f")]);
    assert_eq!(
        read("re-run -x - C++"),
        [
            word("re-run"),
            format!("{:?}", Item { excluded: true, what: What::Word("x".into()) }),
            word("-"),
            word("C++"),
        ]
    );
    assert_eq!(read("\"open end"), [word("open"), word("end")], "a quote that nothing ends is none");
    assert_eq!(read("\"\" \" \""), Vec::<String>::new());
    assert_eq!(read("a\0b\nc"), [word("a"), word("b"), word("c")]);
}

#[test]
fn every_filter_is_understood_whatever_its_case() {
    use Comparison::{Above, AtLeast, AtMost, Below, Equal};
    for (typed, expected) in [
        ("from:@Ana", Facet::From(named("ana"))),
        ("FROM:me", Facet::From(Who::Me)),
        ("from:@me", Facet::From(named("me"))),
        ("to:bob", Facet::To(Whom::Person(named("bob")))),
        ("to:me", Facet::To(Whom::Person(Who::Me))),
        ("to:Everyone", Facet::To(Whom::Everyone)),
        ("to:#Ops", Facet::To(Whom::Topic(TopicName::parse("ops").unwrap()))),
        ("in:值班", Facet::To(Whom::Topic(TopicName::parse("值班").unwrap()))),
        ("is:Unread", Facet::Is(State::Unread)),
        ("is:read", Facet::Is(State::Read)),
        ("is:saved", Facet::Is(State::Saved)),
        ("is:archived", Facet::Is(State::Archived)),
        ("has:link", Facet::HasLink),
        ("priority:7", Facet::Priority(Equal, 7)),
        ("priority:=07", Facet::Priority(Equal, 7)),
        ("priority:>=7", Facet::Priority(AtLeast, 7)),
        ("priority:>7", Facet::Priority(Above, 7)),
        ("priority:<=7", Facet::Priority(AtMost, 7)),
        ("priority:<7", Facet::Priority(Below, 7)),
        ("tag:backup", Facet::Tag("backup".into())),
        ("tag:\"two  words\"", Facet::Tag("two words".into())),
        ("before:7d", Facet::Before(When::DaysAgo(7))),
    ] {
        assert_eq!(read(typed), [facet(false, expected.clone())], "{typed}");
        assert_eq!(read(&format!("-{typed} x")), [facet(true, expected), word("x")], "{typed}");
    }
}

#[test]
fn what_is_no_filter_is_text_and_said_to_be() {
    for typed in ["is:new", "priority:high", "priority:>", "priority:+7", "from:a", "to:#", "has:", "foo:bar", "tag:"] {
        assert_eq!(read(typed), [word(typed)], "{typed}");
        assert_eq!(Query::parse(typed).misread().collect::<Vec<_>>(), [typed]);
    }
    for typed in ["before:2026-13", "before:2026-02-30", "after:26-01-01", "after:2026-1", "after:soon", "after:-1d"] {
        assert_eq!(read(typed), [word(typed)], "{typed}");
    }
    assert_eq!(read("from:\"ana b\" c"), [word("from:\"ana b\""), word("c")]);
    for typed in ["https://example.org", "10:30", "mailto:ana@example.org", "std::fmt", "note:"] {
        assert_eq!(Query::parse(typed).misread().count(), 0, "{typed}");
    }
}

#[test]
fn a_day_begins_where_the_person_is() {
    let now: Timestamp = serde_json::from_str("\"2026-11-22T23:30:00Z\"").unwrap();
    let begins = |typed: &str, offset_minutes| {
        let Some(Facet::After(when)) = Query::parse(typed).items().first().and_then(|item| match &item.what {
            What::Facet(facet) => Some(facet.clone()),
            _ => None,
        }) else {
            panic!("{typed}")
        };
        Timestamp::from_unix_ms(when.begins(Today { now, offset_minutes })).to_string()
    };
    assert_eq!(begins("after:2026-11-20", 0), "2026-11-20T00:00:00.000Z");
    assert_eq!(begins("after:2026-11-20", 480), "2026-11-19T16:00:00.000Z");
    assert_eq!(begins("after:2026-11", -60), "2026-11-01T01:00:00.000Z");
    assert_eq!(begins("after:0d", 0), "2026-11-22T00:00:00.000Z");
    assert_eq!(begins("after:0d", 60), "2026-11-22T23:00:00.000Z", "it is tomorrow there already");
    assert_eq!(begins("after:7d", 0), "2026-11-15T00:00:00.000Z");
}

#[test]
fn a_filter_can_be_taken_away() {
    let reading = Query::parse("disk from:@ana -is:read \"a b\" nope:x").reading(vec!["Disk".into()]);
    let chips: Vec<_> = reading.chips.iter().map(|chip| (chip.text.as_str(), chip.without.as_str())).collect();
    assert_eq!(chips, [("from:ana", "disk -is:read \"a b\" nope:x"), ("-is:read", "disk from:ana \"a b\" nope:x"),]);
    assert_eq!((reading.marked, reading.misread), (vec!["Disk".to_owned()], vec!["nope:x".to_owned()]));
}

/// Text out of pieces of the grammar.
fn typed() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        " ",
        "\"",
        "-",
        ":",
        "from",
        "FROM:",
        "to:",
        "in:#",
        "is:unread",
        "tag:",
        "tag:\"",
        "has:link",
        "priority:",
        ">=",
        "7",
        "before:",
        "2026-11",
        "-22",
        "7d",
        "@",
        "me",
        "everyone",
        "ana",
        "#ops",
        "İ",
        "會議",
        "\0",
        "\n",
        "/",
        "🎉",
    ]);
    prop_oneof![
        proptest::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat()),
        any::<String>(),
        Just("in:#".to_owned() + &"İ".repeat(32) + " ").prop_map(|text| text.repeat(6)),
    ]
}

proptest! {
    #[test]
    fn what_is_shown_reads_the_same(typed in typed()) {
        let query = Query::parse(&typed);
        let shown = query.to_string();
        prop_assert_eq!(Query::parse(&shown), query);
        prop_assert!(shown.chars().count() <= limits::QUERY_CHARS);
    }

    #[test]
    fn what_is_beyond_the_limit_is_not_read(typed in typed(), more in any::<String>()) {
        let long = format!("{typed:<width$}{more}", width = limits::QUERY_CHARS);
        let read: String = long.chars().take(limits::QUERY_CHARS).collect();
        prop_assert_eq!(Query::parse(&long), Query::parse(&read));
    }

    #[test]
    fn without_a_filter_the_rest_stays(typed in typed()) {
        let query = Query::parse(&typed);
        for chip in query.reading(Vec::new()).chips {
            prop_assert_eq!(Query::parse(&chip.without).items().len(), query.items().len() - 1);
        }
    }
}

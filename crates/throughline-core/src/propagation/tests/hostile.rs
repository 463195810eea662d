//! Ten thousand header sets that nobody sends on purpose.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context, StringValue,
    baggage::{Baggage, BaggageExt},
};
use proptest::{
    collection::{hash_map, vec},
    prelude::*,
};

use super::support::{TRACE, only, parent, round_trip};
use crate::propagation::{Propagation, Traceparent};

const NAMES: [&str; 4] = ["traceparent", "tracestate", "baggage", "x-other"];

/// What values are put together from: the parts of the formats, whole and broken.
const PIECES: [&[u8]; 48] = [
    b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    b"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03",
    b"00-",
    b"ff-",
    b"4bf92f3577b34da6a3ce929d0e0e4736",
    b"00f067aa0ba902b7",
    b"00000000000000000000000000000000",
    b"-01",
    b"-",
    b"foo=1,",
    b"foo@@bar=2,",
    b"t@vvvvvvvvvvvvvvv=3,",
    b"bar=4",
    b"foo",
    b"k",
    b"z",
    b"7",
    b"A",
    b"@",
    b"_",
    b"=",
    b"=",
    b"=",
    b"=v",
    b",",
    b",",
    b",",
    b", ",
    b";",
    b";",
    b";p=",
    b";p=%2C,",
    b" ",
    b"\t",
    b"%",
    b"%2C",
    b"%3B",
    b"%3D",
    b"%C3%A9",
    b"%ff",
    b"\"",
    b"\\",
    b"(",
    b"\xc3\xa9",
    b"\xff",
    b"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv",
    b"%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20%20",
    b"a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1,p=1,q=1",
];

fn header_set() -> impl Strategy<Value = HeaderMap> {
    let line = (0..NAMES.len(), vec(0..PIECES.len(), 0..40));
    vec(line, 0..6).prop_map(|lines| {
        let mut map = HeaderMap::new();
        for (name, pieces) in lines {
            let value: Vec<u8> = pieces
                .iter()
                .flat_map(|piece| PIECES[*piece])
                .copied()
                .collect();
            map.append(
                HeaderName::from_static(NAMES[name]),
                HeaderValue::from_bytes(&value).expect("every piece may stand in a header"),
            );
        }
        map
    })
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn any_header_set_is_read_and_what_is_sent_is_read_the_same_again(incoming in header_set()) {
        let sent = round_trip(&incoming);
        prop_assert_eq!(&round_trip(&sent), &sent);
        for (name, value) in &sent {
            prop_assert!(!value.is_empty(), "{} is empty", name);
            prop_assert!(value.to_str().is_ok(), "{} is not ASCII", name);
            prop_assert!(value.len() <= 8192);
        }
        prop_assert!(!sent.contains_key("tracestate") || sent.contains_key("traceparent"));
    }

    #[test]
    fn a_valid_traceparent_survives_any_neighbour(mut incoming in header_set()) {
        incoming.insert("traceparent", parent("01").parse().unwrap());
        let sent = round_trip(&incoming);
        prop_assert_eq!(only(&sent, "traceparent"), Some(&*parent("01")));
        let span_context = Propagation::w3c().extract_span_context(&incoming).unwrap();
        prop_assert_eq!(span_context.trace_id().to_string(), TRACE);
    }

    #[test]
    fn any_bytes_are_a_traceparent_or_not(
        start in 0..4usize, end in 0..60usize, noise in vec(any::<u8>(), 0..6)
    ) {
        let mut value = PIECES[0][start..end.clamp(start, 55)].to_vec();
        value.extend(noise);
        if let Some(parsed) = Traceparent::parse(&value) {
            prop_assert_eq!(Traceparent::parse(&parsed.encode()), Some(parsed));
        }
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn baggage_of_any_text_comes_back_as_it_was(
        entries in hash_map("[a-z!#$%&'*+.^_`|~-]{1,8}", (any::<String>(), any::<String>()), 0..4)
    ) {
        let mut baggage = Baggage::new();
        for (key, (value, metadata)) in &entries {
            baggage.insert_with_metadata(key.clone(), value.clone(), metadata.clone());
        }
        let propagation = Propagation::w3c();
        let mut sent = HeaderMap::new();
        propagation.inject(&Context::new().with_baggage(baggage), &mut sent);
        let cx = propagation.extract(&sent, &Context::new());
        prop_assert_eq!(cx.baggage().len(), entries.len());
        for (key, (value, _)) in &entries {
            prop_assert_eq!(cx.baggage().get(key).map(StringValue::as_str), Some(&**value));
        }
    }
}

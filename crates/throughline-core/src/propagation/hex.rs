//! Lower-case hex, eight digits in one word.

const EACH: u64 = 0x0101_0101_0101_0101;

/// Reads eight digits. What is not a digit leaves a bit in `wrong`, so that many words are judged once.
pub(super) fn decode(text: [u8; 8], wrong: &mut u64) -> u32 {
    let text = u64::from_be_bytes(text);
    let is_letter = (text >> 6) & EACH;
    let nibbles = ((text & (0x0f * EACH)) + 9 * is_letter) & (0x0f * EACH);
    // Exactly the text that has these nibbles is right.
    *wrong |= to_ascii(nibbles) ^ text;

    let bytes = (nibbles | (nibbles >> 4)) & 0x00ff_00ff_00ff_00ff;
    let halves = (bytes | (bytes >> 8)) & 0x0000_ffff_0000_ffff;
    let [_, _, _, _, value @ ..] = (halves | (halves >> 16)).to_be_bytes();
    u32::from_be_bytes(value)
}

/// Writes the digits of 32 bytes.
pub(super) fn encode(bytes: [u8; 32]) -> [u8; 64] {
    let digit = |nibble: u8| nibble + b'0' + if nibble > 9 { b'a' - b'0' - 10 } else { 0 };
    let mut digits = [0; 64];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 0x0f)];
    }
    digits
}

/// Turns eight bytes from 0 to 15 into their digits.
fn to_ascii(nibbles: u64) -> u64 {
    const TO_LETTER: u64 = (b'a' - b'0' - 10) as u64;
    let is_letter = ((nibbles + 6 * EACH) >> 4) & EACH;
    nibbles + u64::from(b'0') * EACH + TO_LETTER * is_letter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_judged_right_at_every_position() {
        for position in 0..8 {
            for byte in 0..=u8::MAX {
                let mut text = *b"00000000";
                text[position] = byte;
                let mut wrong = 0;
                let value = decode(text, &mut wrong);
                let digit = (!byte.is_ascii_uppercase()).then(|| char::from(byte).to_digit(16));
                match digit.flatten() {
                    Some(digit) => {
                        assert_eq!((value, wrong), (digit << (28 - 4 * position), 0));
                    }
                    None => assert_ne!(wrong, 0, "{byte:#x} at {position}"),
                }
            }
        }
    }

    #[test]
    fn what_was_wrong_before_stays_wrong() {
        let mut wrong = 0;
        decode(*b"0123456x", &mut wrong);
        decode(*b"01234567", &mut wrong);
        assert_ne!(wrong, 0);
    }

    #[test]
    fn digits_are_written_as_the_standard_library_writes_them() {
        for first in (0..=u8::MAX).step_by(32) {
            let bytes: [u8; 32] = std::array::from_fn(|at| first + u8::try_from(at).unwrap());
            let digits = encode(bytes);
            for (byte, text) in bytes.iter().zip(digits.chunks_exact(2)) {
                assert_eq!(text, format!("{byte:02x}").as_bytes());
            }
            for (word, text) in bytes.as_chunks().0.iter().zip(digits.as_chunks().0) {
                assert_eq!(decode(*text, &mut 0), u32::from_be_bytes(*word));
            }
        }
    }
}

//! Numbers as people read them.

use std::time::Duration;

/// Bytes in binary units with one decimal: `4.7 MiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return count(bytes, "byte");
    }
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = 0;
    // Rounding first keeps 1024.0 KiB from being printed for 1.0 MiB.
    while (tenths + 512) / 1024 >= 10_240 {
        tenths /= 1024;
        unit += 1;
    }
    let tenths = (tenths + 512) / 1024;
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A count and its noun: `1 file`, `2 files`.
#[must_use]
pub fn count(n: u64, noun: &str) -> String {
    match (n, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (n, Some(stem)) => format!("{n} {stem}ies"),
        (n, None) => format!("{n} {noun}s"),
    }
}

/// Text that says something and does nothing: names in images, on disks and of
/// files may hold what moves a terminal's cursor, or turns text round. Lines
/// and tabs stay.
#[must_use]
pub fn tame(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || turns(c);
    text.chars().map(|c| if acts(c) { '\u{fffd}' } else { c }).collect()
}

/// A span of time: `0.4 s`, `12 s`, `3 min 05 s`.
#[must_use]
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..=9 => format!("{seconds}.{} s", span.subsec_millis() / 100),
        10..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Seconds between 1904, where HFS+ begins, and 1970.
const EPOCH_1904: i64 = 2_082_844_800;

/// A date of HFS+ (seconds since 1904, UTC) as `2012-09-20 00:00:00`; `-` for none.
#[must_use]
pub fn date(seconds: u32) -> String {
    if seconds == 0 {
        return "-".into();
    }
    let unix = i64::from(seconds) - EPOCH_1904;
    let (days, of_day) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// The Gregorian date of a day counted from 1970-01-01, by counting in years
/// that begin in March, so that the leap day comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_round_and_never_show_1024() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1_048_575, "1.0 MiB"),
            (4_939_212_390, "4.6 GiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn nouns_have_plurals() {
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(count(1, "entry"), "1 entry");
        assert_eq!(count(2, "entry"), "2 entries");
    }

    #[test]
    fn spans_lose_detail_as_they_grow() {
        assert_eq!(duration(Duration::from_millis(450)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(59)), "59 s");
        assert_eq!(duration(Duration::from_secs(185)), "3 min 05 s");
        assert_eq!(duration(Duration::from_secs(7500)), "2 h 05 min");
    }

    #[test]
    fn dates_count_from_1904() {
        assert_eq!(date(0), "-");
        assert_eq!(date(1), "1904-01-01 00:00:01");
        assert_eq!(date(2_082_844_800), "1970-01-01 00:00:00");
        assert_eq!(date(1_348_099_200 + 2_082_844_800), "2012-09-20 00:00:00");
        assert_eq!(date(951_782_400 + 2_082_844_800), "2000-02-29 00:00:00");
        assert_eq!(date(u32::MAX), "2040-02-06 06:28:15");
    }
}

//! The time of all files: never that of the wall.

use fatfs::{Date, DateTime, Time, TimeProvider};
use std::cell::Cell;

/// FAT's first second: 1980-01-01 00:00:00.
const FIRST: i64 = 315_532_800;
/// FAT's last day: 2107-12-31.
const LAST: i64 = 4_354_819_199;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(FIRST) };
}

/// The library wants a clock that lives for ever, hence one a thread.
pub(super) static CLOCK: Clock = Clock;

#[derive(Debug)]
pub(super) struct Clock;

/// Sets what this thread's volumes take for now, in seconds since 1970.
pub(super) fn set(date: i64) {
    NOW.set(date.clamp(FIRST, LAST));
}

impl TimeProvider for Clock {
    fn get_current_date(&self) -> Date {
        self.get_current_date_time().date
    }

    fn get_current_date_time(&self) -> DateTime {
        split(NOW.get())
    }
}

/// The parts of a date between [`FIRST`] and [`LAST`], in UTC.
fn split(seconds: i64) -> DateTime {
    let small = |n: i64| u16::try_from(n).unwrap_or(0);
    let (mut days, second) = ((seconds - FIRST) / 86_400, seconds % 86_400);
    let mut year = 1980;
    while days >= 365 + leap(year) {
        days -= 365 + leap(year);
        year += 1;
    }
    let mut month = 1;
    while days >= month_days(year, month) {
        days -= month_days(year, month);
        month += 1;
    }
    let date = Date { year: small(year), month: small(month), day: small(days + 1) };
    let (hour, min, sec) = (second / 3600, second / 60 % 60, second % 60);
    DateTime { date, time: Time { hour: small(hour), min: small(min), sec: small(sec), millis: 0 } }
}

fn leap(year: i64) -> i64 {
    i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + leap(year),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_calendar() {
        let text = |seconds| {
            set(seconds);
            let DateTime { date: d, time: t } = CLOCK.get_current_date_time();
            let (day, time) = ((d.year, d.month, d.day), (t.hour, t.min, t.sec));
            (day, time)
        };
        assert_eq!(text(0), ((1980, 1, 1), (0, 0, 0)));
        assert_eq!(text(951_782_399), ((2000, 2, 28), (23, 59, 59)));
        assert_eq!(text(951_782_400), ((2000, 2, 29), (0, 0, 0)));
        assert_eq!(text(1_349_864_130), ((2012, 10, 10), (10, 15, 30)));
        assert_eq!(text(4_107_542_400), ((2100, 3, 1), (0, 0, 0)));
        assert_eq!(text(i64::MAX), ((2107, 12, 31), (23, 59, 59)));
    }
}

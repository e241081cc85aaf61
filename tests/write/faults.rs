//! One fault at a time, and the same fault at every moment.

use crate::mock::{Faults, Lose, Mock};
use crate::work::{LEN, Records, clean, old_disk, recognised, run, sample};
use lionize::block::WriteAt;
use lionize::device::Target;
use lionize::media::burn::Trouble;

fn disk(faults: Faults) -> Mock {
    Mock::new(old_disk(512), 512).again(faults)
}

fn once(faults: Faults) -> (Mock, Trouble) {
    let mock = disk(faults);
    let ran = run(&mock, &sample(512), &mut Records::default(), 2);
    let trouble = ran.result.expect_err("a fault is found");
    assert!(!recognised(&mock.data()), "nothing starts after {trouble}");
    (mock, trouble)
}

/// How many operations there are until all is proven, and until all is done.
fn operations() -> (usize, usize) {
    let counted = disk(Faults::default());
    let ran = run(&counted, &sample(512), &mut Records::default(), 1);
    ran.result.unwrap();
    (ran.proven_at, counted.operations())
}

#[test]
fn writes_are_aligned_in_order_and_leave_out_what_is_free() {
    for sector in [512, 4096] {
        let sample = sample(sector);
        let expected = clean(&sample);
        let mock = Mock::new(old_disk(sector), sector);
        run(&mock, &sample, &mut Records::default(), 3).result.unwrap();
        assert!(mock.data() == expected, "as many threads as there are, the same bytes");
        // The free room behind the files is as it was, but for old tables and marks.
        let old = old_disk(sector);
        let free = (9 << 20) + 4096..(12 << 20);
        assert!(mock.data()[free.clone()] == old[free], "free room was written to");
        let writes = mock.writes();
        let last = writes.last().unwrap();
        assert_eq!(*last, 0..u64::from(sector), "sector 0 is the last");
        // In sectors of 4096 bytes, a mark of the probe and its zeros are as large.
        let count = if sector == 512 { 1 } else { 3 };
        assert_eq!(writes.iter().filter(|write| **write == *last).count(), count);
    }
}

#[test]
fn short_writes_and_single_errors_do_no_harm() {
    let sample = sample(512);
    let expected = clean(&sample);
    for short in [512, 1536, 65_000, 1 << 20] {
        let mock = disk(Faults { short: Some(short), ..Faults::default() });
        run(&mock, &sample, &mut Records::default(), 2).result.unwrap();
        assert!(mock.data() == expected, "writes of {short} bytes");
    }
}

#[test]
fn an_error_at_each_operation_is_mended_or_told() {
    let sample = sample(512);
    let expected = clean(&sample);
    let counted = disk(Faults::default());
    run(&counted, &sample, &mut Records::default(), 1).result.unwrap();
    let (mut mended, mut told) = (0, 0);
    for at in 0..counted.operations() {
        let mock = disk(Faults { eio_once: vec![at], ..Faults::default() });
        let mut records = Records::default();
        let ran = run(&mock, &sample, &mut records, 1);
        match ran.result {
            Ok(()) => mended += 1,
            Err(trouble) => {
                told += 1;
                let whole = recognised(&mock.data());
                assert!(!whole || ran.proven || at < 8, "operation {at}: {trouble}");
                run(&mock.again(Faults::default()), &sample, &mut records, 1).result.unwrap();
            }
        }
        assert!(mock.data() == expected, "operation {at}");
    }
    assert!(mended > 30 && told > 5, "{mended} were mended, {told} told");
}

/// What takes single sectors only, in one place, is written there sector by
/// sector; and what comes behind that place in the same write is written, too.
#[test]
fn what_is_written_by_sectors_loses_nothing_behind_it() {
    let sample = sample(512);
    // In a file, and among the old tables that are cleared.
    let [whole, file, ends] = [None, Some((3 << 20) + 512), Some(512)].map(|at| {
        let stubborn = at.map(|at| at..at + 512);
        let other = Mock::new(vec![0x55; LEN as usize], 512);
        let mock = other.again(Faults { stubborn, ..Faults::default() });
        run(&mock, &sample, &mut Records::default(), 1).result.unwrap();
        mock.data()
    });
    assert!(file == whole && ends == whole);
}

/// As the host words it.
fn io_error() -> std::io::Error {
    std::io::Error::from_raw_os_error(5)
}

#[test]
fn half_a_sector_is_not_written() {
    let mut target = Target::new(Mock::new(vec![0; 8192], 4096), 1);
    let error = target.write_at(512, &[0; 512]).unwrap_err().to_string();
    assert_eq!(error, "512 bytes at 512 are not whole sectors of 4096");
}

#[test]
fn bad_places_are_named_by_their_bytes() {
    let bad = (3 << 20) + 512..(3 << 20) + 1024;
    let (_, trouble) = once(Faults { bad: Some(bad.clone()), ..Faults::default() });
    let text = format!("bytes {} to {} could not be written: {}", bad.start, bad.end, io_error());
    assert_eq!(trouble.to_string(), text);
    assert!(matches!(trouble, Trouble::Medium(_)));
}

#[test]
fn a_disk_that_is_full_too_early_is_told() {
    // Clearing the end is the first that fails, so the disk is as it was.
    let mock = disk(Faults { full_from: Some(5 << 20), ..Faults::default() });
    let ran = run(&mock, &sample(512), &mut Records::default(), 2);
    let trouble = ran.result.expect_err("a disk that is full");
    let (begin, end) =
        ("the disk is full at byte ", format!(", though it says that it has {LEN} bytes"));
    let said = trouble.to_string();
    assert!(said.starts_with(begin) && said.ends_with(&end), "{said}");
}

#[test]
fn silent_damage_is_found_by_reading_back() {
    // In a file, in the catalog's part, in the alternate header.
    for at in [(5 << 20) + 77, (1 << 20) + 40_000, LEN - (1 << 19)] {
        let mock = disk(Faults { corrupt: Some(at), ..Faults::default() });
        let ran = run(&mock, &sample(512), &mut Records::default(), 2);
        let Err(trouble) = ran.result else {
            // Free room is nobody's.
            assert!(at > 10 << 20, "damage at {at} is not found");
            continue;
        };
        assert!(!recognised(&mock.data()), "{trouble}");
    }
}

#[test]
fn damage_of_a_header_at_its_last_write_is_found_and_withdrawn() {
    let (sample, corrupt_from) = (sample(512), operations().0);
    // The volume's header, the backup table, the primary one, sector 0.
    for at in [(1 << 20) + 1024, LEN - 512, 512, 1024, 460] {
        let mock = disk(Faults { corrupt: Some(at), corrupt_from, ..Faults::default() });
        let ran = run(&mock, &sample, &mut Records::default(), 1);
        let trouble = ran.result.expect_err("a header that is not kept");
        let Trouble::Undone { first, left } = trouble else { panic!("{at}: {trouble}") };
        assert!(matches!(*first, Trouble::Wrong(_)), "{at}: {first}");
        // The place keeps no zeros either, which is told.
        let left = left.expect("a place that cannot be erased").ranges;
        assert!(left.iter().all(|range| range.contains(&at)) && left.len() == 1, "{at}: {left:?}");
        let said = first.to_string();
        let end = " are not kept";
        assert!(said.starts_with("bytes ") && said.ends_with(end), "{said}");
    }
}

#[test]
fn reads_that_lie_do_not_pass() {
    for at in [(5 << 20) + 77, 0, (1 << 20) + 1024] {
        let (_, trouble) = once(Faults { lie: Some(at), ..Faults::default() });
        assert!(matches!(trouble, Trouble::Wrong(_) | Trouble::Source(_)), "{trouble}");
    }
}

#[test]
fn a_disk_that_lies_about_its_size_is_found_before_the_data_go_out() {
    for wraps in [true, false] {
        for size in [8 << 20, 12 << 20, LEN - 4096] {
            let (mock, trouble) = once(Faults { truth: Some((size, wraps)), ..Faults::default() });
            let text = trouble.to_string();
            let begin = "the disk does not keep what is written to byte ";
            let end = ": it says that it has 25165824 bytes, and has fewer";
            assert!(text.starts_with(begin) && text.ends_with(end), "{text}");
            let large =
                mock.writes().iter().filter(|write| write.end - write.start > 1 << 20).count();
            assert_eq!(large, 0, "data went out");
        }
    }
}

#[test]
fn a_disk_that_shrinks_or_is_swapped_is_not_committed() {
    let sample = sample(512);
    let counted = disk(Faults::default());
    run(&counted, &sample, &mut Records::default(), 1).result.unwrap();
    for at in 0..counted.operations() - 3 {
        let mock = disk(Faults { shrink_at: Some(at), ..Faults::default() });
        let ran = run(&mock, &sample, &mut Records::default(), 1);
        let Err(trouble) = ran.result else { continue };
        assert!(trouble.to_string().contains("its size was"), "{trouble}");
        // Sector 0 is written only to the disk that is still the same.
        let data = mock.data();
        assert!(data[..512].iter().all(|b| *b == 0) || at == 0, "operation {at}");
    }
}

/// Errors in a row from each operation on: what a trouble says of the disk is so.
#[test]
fn what_is_left_of_headers_and_tables_is_told() {
    let (sample, (proven, end)) = (sample(512), operations());
    let (mut taken_back, mut half) = (0, 0);
    for at in proven..end {
        for errors in [2, 5, 8, 11, 14, 10_000] {
            let eio_once = (at..at + errors).collect();
            let mock = disk(Faults { eio_once, ..Faults::default() });
            let ran = run(&mock, &sample, &mut Records::default(), 1);
            let Err(Trouble::Undone { left, .. }) = ran.result else { continue };
            assert!(ran.proven, "operation {at}");
            let data = mock.data();
            let Some(left) = left else {
                taken_back += 1;
                assert!(!recognised(&data), "operation {at}, {errors} errors");
                continue;
            };
            half += 1;
            let told = |range: &&std::ops::Range<u64>| !left.ranges.contains(range);
            for range in sample.image.withheld.iter().filter(told) {
                let there = &data[range.start as usize..range.end as usize];
                assert!(there.iter().all(|b| *b == 0), "operation {at}: bytes {range:?}");
            }
        }
    }
    assert!(taken_back > 5 && half > 5, "{taken_back} were taken back, {half} not");
}

/// Found to be another disk while the tables go out: it is not written to.
#[test]
fn another_disk_is_not_erased() {
    let sample = sample(512);
    let (expected, (proven, end)) = (clean(&sample), operations());
    let mut found = 0;
    for at in proven..end {
        let mock = disk(Faults { shrink_at: Some(at), ..Faults::default() });
        let ran = run(&mock, &sample, &mut Records::default(), 1);
        let Err(Trouble::Undone { left: Some(left), .. }) = ran.result else { continue };
        found += 1;
        assert_eq!(left.error.to_string(), "its size was 1 and is now 2");
        assert_eq!(left.ranges.len(), sample.image.withheld.len() - 1, "all but sector 0");
        for range in left.ranges.iter().map(|range| range.start as usize..range.end as usize) {
            assert!(mock.data()[range.clone()] == expected[range], "written to after all");
        }
    }
    assert!(found > 0);
}

#[test]
fn an_error_of_flush_is_an_error() {
    let mock = disk(Faults { flush_fails: true, ..Faults::default() });
    let ran = run(&mock, &sample(512), &mut Records::default(), 2);
    assert!(matches!(ran.result, Err(Trouble::Medium(_))));
}

/// Pulled out at every single operation: never starts before it is proven, and
/// the next run makes the same bytes of it.
fn pulled(lose: Lose, depth: usize) {
    let sample = sample(512);
    let expected = clean(&sample);
    let counted = disk(Faults::default());
    run(&counted, &sample, &mut Records::default(), depth).result.unwrap();
    for at in 1..counted.operations() {
        let mock = disk(Faults { gone_at: Some(at), lose, ..Faults::default() });
        let mut records = Records::default();
        let ran = run(&mock, &sample, &mut records, depth);
        let early = mock.data();
        if ran.result.is_err() && !ran.proven && at > 8 {
            assert!(!recognised(&early), "pulled at {at}: a table before the proof");
        }
        let again = run(&mock.again(Faults::default()), &sample, &mut records, depth);
        again.result.unwrap_or_else(|trouble| panic!("again after {at}: {trouble}"));
        assert!(mock.data() == expected, "pulled at {at}: other bytes");
    }
}

#[test]
fn pulled_out_at_every_operation() {
    pulled(Lose::Nothing, 1);
}

#[test]
fn power_lost_at_every_operation() {
    pulled(Lose::Unflushed, 1);
    pulled(Lose::EveryOther, 2);
}

/// What was on the disk in between is found, though it was recorded as written.
#[test]
fn what_was_changed_meanwhile_is_written_again() {
    let sample = sample(512);
    let expected = clean(&sample);
    let mock = disk(Faults { gone_at: Some(75), ..Faults::default() });
    let mut records = Records::default();
    assert!(run(&mock, &sample, &mut records, 1).result.is_err());
    // Somebody formats the stick, as another computer may offer to.
    let mut records = Records(Some(20 << 20));
    let other = Mock::new(old_disk(512), 512);
    run(&other, &sample, &mut records, 1).result.unwrap();
    assert!(recognised(&other.data()));
    let marks_were_zeros = |at: usize| expected[at..at + 4096].iter().all(|b| *b == 0);
    let same = |range: std::ops::Range<usize>| other.data()[range.clone()] == expected[range];
    assert!(same(0..6 << 20) && marks_were_zeros(12 << 20));
}

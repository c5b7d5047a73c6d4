//! Timings in CPU time, printed:
//! `cargo test --release -p moonsweep-runtime timings -- --ignored --nocapture --test-threads 1`,
//! with `MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=20000000000 MALLOC_MMAP_THRESHOLD_=30000000`
//! as long as the heap is `malloc`, so that `warm` takes the page faults.

use super::testing::{Random, mem};
use super::*;
use crate::object::string::Str;
use std::hint::black_box;

unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
}

/// CPU time of this thread in ns.
fn now() -> u64 {
    let mut t = [0; 2];
    // SAFETY: a timespec is two 64-bit numbers here; 3 is CLOCK_THREAD_CPUTIME_ID.
    unsafe { clock_gettime(3, &mut t) };
    t[0] as u64 * 1_000_000_000 + t[1] as u64
}

/// Makes the allocator's next `gigabytes` warm.
fn warm(gigabytes: usize) {
    drop(black_box(
        (0..gigabytes << 10)
            .map(|_| vec![1u8; 1 << 20])
            .collect::<Vec<_>>(),
    ));
}

/// Best of a few runs, in ns an operation.
fn time(name: &str, ops: u64, mut f: impl FnMut()) {
    let best = (0..5)
        .map(|_| {
            let t = now();
            f();
            (now() - t) as f64
        })
        .fold(f64::MAX, f64::min);
    println!("{name:<44} {:8.2} ns", best / ops as f64);
}

/// The longest operations in us: of three runs of the same `n` operations, the
/// best time of each operation, because the machine interrupts too.
fn longest<T>(
    name: &str,
    n: u64,
    mut start: impl FnMut() -> T,
    mut f: impl FnMut(&mut T, u64),
) -> T {
    let mut best = vec![u32::MAX; n as usize];
    let mut state = start();
    for run in 0..3 {
        if run > 0 {
            state = start();
        }
        let mut last = now();
        for i in 0..n {
            f(&mut state, i);
            let time = now();
            best[i as usize] = best[i as usize].min((time - last) as u32);
            last = time;
        }
    }
    best.sort_unstable_by(|a, b| b.cmp(a));
    let us = |k: usize| best[k] as f64 / 1000.0;
    println!(
        "{name:<34} longest {:8.1} us, then {:8.1}, 10th {:8.1}, 100th {:8.1}",
        us(0),
        us(1),
        us(9),
        us(99)
    );
    state
}

#[test]
#[ignore = "prints timings"]
fn timings() {
    let mut mem = mem();
    let mem = &mut mem;
    let n = 1_000_000u64;
    warm(5);
    // SAFETY: nothing collects in tests.
    unsafe {
        for (name, len) in [
            ("1000", 1000u64),
            ("4000", 4000),
            ("800", 800),
            ("spine 10^5", 100_000),
            ("spine 4*10^6", 4_000_000),
        ] {
            let t = Table::new(mem, 0, 0, 0, 0);
            for i in 1..=len as i64 {
                t.set_int(mem, i, Value::int(i)).expect("memory");
            }
            let rounds = n.div_ceil(len);
            time(&format!("get_int, {name}"), rounds * len, || {
                for _ in 0..rounds {
                    let mut sum = 0;
                    for i in 1..=len as i64 {
                        sum += t.get_int(mem, i).as_int();
                    }
                    black_box(sum);
                }
            });
            time(&format!("set_int, {name}"), rounds * len, || {
                for _ in 0..rounds {
                    for i in 1..=len as i64 {
                        t.set_int(mem, i, Value::int(i)).expect("memory");
                    }
                }
            });
            let mut r = Random(3);
            let order: Vec<i64> = (0..n).map(|_| r.below(len) as i64 + 1).collect();
            time(&format!("get_int random, {name}"), n, || {
                let mut sum = 0;
                for i in &order {
                    sum += t.get_int(mem, *i).as_int();
                }
                black_box(sum);
            });
            time(&format!("next_at, {name}"), rounds * len, || {
                for _ in 0..rounds {
                    let (mut pos, mut sum) = (0, 0);
                    while let Some((p, _, v)) = t.next_at(mem, pos) {
                        pos = p;
                        sum += v.as_int();
                    }
                    black_box(sum);
                }
            });
        }
        for len in [10u64, 1000, 1_000_000] {
            time(&format!("append to {len}"), n, || {
                for _ in 0..n / len {
                    let t = Table::new(mem, 0, 0, 0, 0);
                    for i in 0..len as i64 {
                        t.append(mem, Value::int(i)).expect("memory");
                    }
                }
            });
        }
        for len in [4u64, 30, 400, 10_000, 1_000_000] {
            let keys: Vec<Value> = (0..len)
                .map(|i| Str::interned(mem, format!("key {i}").as_bytes()).value())
                .collect();
            let absent: Vec<Value> = (0..len)
                .map(|i| Str::interned(mem, format!("absent {i}").as_bytes()).value())
                .collect();
            let rounds = n.div_ceil(len);
            time(&format!("insert strings, {len}"), rounds * len, || {
                for _ in 0..rounds {
                    let t = Table::new(mem, 0, 0, 0, 0);
                    for k in &keys {
                        t.set(mem, *k, Value::TRUE).expect("memory");
                    }
                }
            });
            let t = Table::new(mem, 0, 0, 0, 0);
            for k in &keys {
                t.set(mem, *k, Value::TRUE).expect("memory");
            }
            time(&format!("get strings, {len}"), rounds * len, || {
                for _ in 0..rounds {
                    for k in &keys {
                        black_box(t.get(mem, *k));
                    }
                }
            });
            time(&format!("get absent strings, {len}"), rounds * len, || {
                for _ in 0..rounds {
                    for k in &absent {
                        black_box(t.get(mem, *k));
                    }
                }
            });
            time(&format!("set strings, {len}"), rounds * len, || {
                for _ in 0..rounds {
                    for k in &keys {
                        t.set(mem, *k, Value::FALSE).expect("memory");
                    }
                }
            });
            time(&format!("next_at hash, {len}"), rounds * len, || {
                for _ in 0..rounds {
                    let mut pos = 0;
                    while let Some((p, k, _)) = t.next_at(mem, pos) {
                        pos = p;
                        black_box(k);
                    }
                }
            });
            time(&format!("next hash, {len}"), rounds * len, || {
                for _ in 0..rounds {
                    let mut key = Value::NIL;
                    while let Ok(Some((k, _))) = t.next(mem, key) {
                        key = k;
                    }
                }
            });
            let s = Table::new(mem, 8, 0, 0, 0);
            if len <= 400 {
                for k in &keys {
                    s.set_field(mem, Str(k.obj()), Value::TRUE).expect("memory");
                }
                time(&format!("get_str shape, {len}"), rounds * len, || {
                    for _ in 0..rounds {
                        for k in &keys {
                            black_box(s.get_str(mem, Str(k.obj())));
                        }
                    }
                });
            }
        }
        for len in [100i64, 10_000, 1_000_000] {
            let t = Table::new(mem, 0, 0, 0, 0);
            let step = 7919;
            for i in 0..len {
                t.set_int(mem, i * step, Value::int(i)).expect("memory");
            }
            let rounds = n as i64 / len;
            time(&format!("get sparse ints, {len}"), n, || {
                for _ in 0..rounds {
                    for i in 0..len {
                        black_box(t.get_int(mem, i * step));
                    }
                }
            });
        }
        time("new table with 4 slots", n, || {
            for _ in 0..n {
                black_box(Table::new(mem, 4, 0, 0, 0));
            }
        });
        time("intern 10^6 new strings", n, {
            let mut round = 0;
            let mem = &mut *mem;
            move || {
                round += 1;
                for i in 0..n {
                    let b = (i << 8 | round).to_le_bytes();
                    black_box(Str::interned(mem, &b));
                }
            }
        });
    }
}

#[test]
#[ignore = "prints timings"]
fn growth() {
    warm(5);
    // SAFETY: nothing collects in tests.
    unsafe {
        let table = |mem: &mut Mem| Table::new(mem, 0, 0, 0, 0);
        longest("nothing", 1_000_000, || (), |_, _| ());
        let mut m = testing::mem();
        let mem = &mut m;
        let mem: *mut Mem = mem;
        let new = || table(&mut *mem);
        longest("append, 2*10^7", 20_000_000, new, |t, i| {
            t.set_int(&mut *mem, i as i64 + 1, Value::int(i as i64))
                .expect("memory");
        });
        longest("insert floats, 4*10^6", 4_000_000, new, |t, i| {
            t.set(&mut *mem, Value::float(i as f64 + 0.5), Value::TRUE)
                .expect("memory");
        });
        longest("insert sparse integers, 4*10^6", 4_000_000, new, |t, i| {
            t.set_int(&mut *mem, i as i64 * 1000, Value::TRUE)
                .expect("memory");
        });
        let t = longest("backwards, 4*10^6; append 10^6", 5_000_000, new, |t, i| {
            let i = i as i64;
            let k = if i < 4_000_000 { 4_000_000 - i } else { i + 1 };
            t.set_int(&mut *mem, k, Value::TRUE).expect("memory");
        });
        println!("array part {}", t.arr_len());
        longest("queue of 10^6, 10^7 in all", 10_000_000, new, |t, i| {
            let i = i as i64 + 1;
            t.set_int(&mut *mem, i, Value::TRUE).expect("memory");
            t.set_int(&mut *mem, i - 1_000_000, Value::NIL)
                .expect("memory");
        });
        longest(
            "insert new strings, 4*10^6",
            4_000_000,
            || (new(), testing::mem()),
            |(t, mem), i| {
                let s = Str::new(mem, &i.to_le_bytes());
                t.set(mem, s.value(), Value::TRUE).expect("memory");
            },
        );
    }
}

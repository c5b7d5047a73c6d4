//! Random operations against a model, and the particular promises one by one.

use super::testing::{Random, mem};
use super::*;
use crate::object::string::Str;
use moonsweep_gc::WeakPart;
use moonsweep_gc::slot::is_reference;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A key or value in a form that the model can compare.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
enum M {
    Nil,
    Bool(bool),
    Int(i64),
    Float(u64),
    Str(Vec<u8>),
    Obj(u64),
}

fn model(v: Value) -> M {
    match v.tag {
        tag::NIL => M::Nil,
        tag::FALSE => M::Bool(false),
        tag::TRUE => M::Bool(true),
        tag::INT => M::Int(v.as_int()),
        tag::FLOAT => M::Float(v.payload),
        // SAFETY: alive, nothing collects in tests.
        tag::STRING => M::Str(unsafe { Str(v.obj()).as_bytes() }.to_vec()),
        _ => M::Obj(v.payload),
    }
}

/// Checks the invariants of a table and returns its entries.
fn entries(mem: &Mem, t: Table) -> HashMap<M, M> {
    let mut all = HashMap::new();
    // SAFETY: alive, nothing collects in tests.
    unsafe {
        let mut pos = 0;
        let mut key = Value::NIL;
        while let Some((p, k, v)) = t.next_at(mem, pos) {
            assert!(p > pos);
            pos = p;
            assert!(all.insert(model(k), model(v)).is_none(), "{k:?} twice");
            let (k2, v2) = t.next(mem, key).expect("key exists").expect("not the end");
            assert!(k2.same_bits(k) && v2.same_bits(v));
            assert!(t.get(mem, k).same_bits(v));
            key = k;
        }
        assert!(t.next(mem, key).expect("key exists").is_none());
        let cell = t.cell();
        let w = cell.array.load();
        if is_reference(w) && w & 1 == 0 {
            for i in t.arr_len() as usize..store::store(obj_of(w)).capacity as usize {
                assert_eq!(slot_at(obj_of(w), i).load(), NIL_WORD);
            }
        }
        let w = cell.hash.load();
        if is_reference(w) && w & 1 == 0 {
            segment::check_segment(obj_of(w), hash::Stride::ONE);
        } else if is_reference(w) {
            let stride = dir::stride(w);
            dir::each_segment(w, |s| segment::check_segment(s, stride));
        }
        for i in 1..=t.arr_len() as i64 {
            if t.in_array(i as u64 - 1) {
                assert_eq!(t.hash_int(mem, i), NIL_WORD, "{i} in both parts");
            }
        }
    }
    all
}

fn check(mem: &Mem, t: Table, shadow: &HashMap<M, M>) {
    let all = entries(mem, t);
    assert_eq!(all.len(), shadow.len());
    for (k, v) in shadow {
        assert_eq!(all.get(k), Some(v), "{k:?}");
    }
    // SAFETY: as above.
    let n = unsafe { t.len(mem) };
    assert!(n == 0 || shadow.contains_key(&M::Int(n)), "border {n}");
    assert!(
        n == i64::MAX || !shadow.contains_key(&M::Int(n + 1)),
        "border {n}"
    );
}

fn random_key(mem: &mut Mem, r: &mut Random, objects: &[Table], span: u64) -> Value {
    // SAFETY: as above.
    unsafe {
        match r.below(16) {
            0..=5 => Value::int(r.below(span) as i64 - 2),
            6 => Value::float(r.below(span) as f64),
            7 => Value::float(r.below(span) as f64 + 0.5),
            8 => Value::int((r.below(20) as i64 - 10) << 58),
            9 => Value::int(r.next() as i64),
            10 => objects[r.below(objects.len() as u64) as usize].value(),
            11 => Value::bool(r.below(2) == 0),
            12 => Str::new(mem, format!("{:0>60}", r.below(span)).as_bytes()).value(),
            13 => Value::light(r.below(span)),
            _ => Str::new(mem, format!("k{}", r.below(span)).as_bytes()).value(),
        }
    }
}

fn random_value(mem: &mut Mem, r: &mut Random) -> Value {
    match r.below(8) {
        0..=2 => Value::NIL,
        3 => Value::int(r.next() as i64),
        4 => Value::int(r.next() as i64),
        5 => Value::float(0.25),
        // SAFETY: as above.
        6 => unsafe { Str::new(mem, b"v").value() },
        _ => Value::int(i64::MAX - r.below(9) as i64),
    }
}

fn normal(k: Value) -> M {
    match model(k) {
        M::Float(b) if f64::from_bits(b).fract() == 0.0 => M::Int(f64::from_bits(b) as i64),
        m => m,
    }
}

#[test]
fn random_operations() {
    for seed in 1..=60u64 {
        let mut mem = mem();
        let mem = &mut mem;
        let mut r = Random(seed * 0x9E37_79B9);
        let span = [8, 40, 300, 3000, 20000][seed as usize % 5];
        // SAFETY: as above.
        unsafe {
            let objects: Vec<Table> = (0..50).map(|_| Table::new(mem, 0, 0, 0, 0)).collect();
            let t = Table::new(
                mem,
                r.below(9) as u8,
                r.below(5) as u32,
                r.below(9) as u32,
                7,
            );
            let mut shadow: HashMap<M, M> = HashMap::new();
            let steps = if span > 1000 { 60_000 } else { 6000 };
            for step in 0..steps {
                let k = random_key(mem, &mut r, &objects, span);
                let v = random_value(mem, &mut r);
                let m = normal(k);
                match r.below(8) {
                    0 => {
                        let n = t.len(mem);
                        t.append(mem, v).expect("memory");
                        if !v.is_nil() {
                            shadow.insert(M::Int(n + 1), model(v));
                        }
                        continue;
                    }
                    1 => {
                        // A run of integers, forwards or backwards.
                        let from = r.below(span) as i64;
                        for i in 0..r.below(20) as i64 {
                            let i = if seed % 2 == 0 { from + i } else { from - i };
                            t.set_int(mem, i, v).expect("memory");
                            if v.is_nil() {
                                shadow.remove(&M::Int(i))
                            } else {
                                shadow.insert(M::Int(i), model(v))
                            };
                        }
                        continue;
                    }
                    2 if k.tag == tag::STRING && Str(k.obj()).is_short() => {
                        let s = Str(k.obj()).intern(mem);
                        t.set_field(mem, s, v).expect("memory");
                    }
                    3 => {
                        assert_eq!(
                            model(t.get(mem, k)),
                            shadow.get(&m).cloned().unwrap_or(M::Nil),
                            "{m:?} seed {seed} step {step}"
                        );
                        continue;
                    }
                    4 => {
                        let n = t.len(mem);
                        let pos = r.below(n as u64 + 1) as i64 + 1;
                        if r.below(2) == 0 {
                            if t.insert_shift(mem, pos, n, v) {
                                for i in (pos..=n).rev() {
                                    match shadow.remove(&M::Int(i)) {
                                        Some(x) => shadow.insert(M::Int(i + 1), x),
                                        None => shadow.remove(&M::Int(i + 1)),
                                    };
                                }
                                shadow.insert(M::Int(pos), model(v));
                            }
                        } else if let Some(x) = t.remove_shift(mem, pos, n) {
                            assert_eq!(
                                model(x),
                                shadow.get(&M::Int(pos)).cloned().unwrap_or(M::Nil)
                            );
                            for i in pos..=n {
                                match shadow.remove(&M::Int(i + 1)) {
                                    Some(x) if i < n => shadow.insert(M::Int(i), x),
                                    Some(x) => {
                                        shadow.insert(M::Int(i + 1), x);
                                        shadow.remove(&M::Int(i))
                                    }
                                    None => shadow.remove(&M::Int(i)),
                                };
                            }
                        }
                        continue;
                    }
                    _ => t.set(mem, k, v).expect("memory"),
                }
                if v.is_nil() {
                    shadow.remove(&m)
                } else {
                    shadow.insert(m, model(v))
                };
                if step % (steps / 20) == 0 {
                    check(mem, t, &shadow);
                    if r.below(10) == 0 {
                        // Empty the table while traversing it.
                        let mut k = Value::NIL;
                        while let Some((k2, _)) = t.next(mem, k).expect("key exists") {
                            t.set(mem, k2, Value::NIL).expect("memory");
                            if r.below(4) == 0 {
                                t.len(mem);
                            }
                            k = k2;
                        }
                        shadow.clear();
                    }
                }
            }
            check(mem, t, &shadow);
            if seed % 3 == 0 {
                t.set_weak(mem, flag::WEAK_VALUES).expect("memory");
                assert!(t.shape() == Shapes::DICT);
                check(mem, t, &shadow);
            }
        }
    }
}

#[test]
fn key_rules() {
    let mut mem = mem();
    let mem = &mut mem;
    // SAFETY: as above.
    unsafe {
        let t = Table::new(mem, 0, 0, 0, 0);
        assert_eq!(t.set(mem, Value::NIL, Value::TRUE), Err(SetError::NilIndex));
        assert_eq!(
            t.set(mem, Value::float(f64::NAN), Value::TRUE),
            Err(SetError::NanIndex)
        );
        assert!(t.get(mem, Value::NIL).is_nil() && t.get(mem, Value::float(f64::NAN)).is_nil());
        t.set(mem, Value::float(-0.0), Value::int(1))
            .expect("memory");
        t.set(mem, Value::float(9007199254740992.0), Value::int(2))
            .expect("memory");
        assert_eq!(model(t.get(mem, Value::int(0))), M::Int(1));
        assert_eq!(model(t.get(mem, Value::int(1 << 53))), M::Int(2));
        t.set(mem, Value::float(-9223372036854775808.0), Value::int(3))
            .expect("memory");
        assert_eq!(model(t.get(mem, Value::int(i64::MIN))), M::Int(3));
        t.set(mem, Value::float(9223372036854775808.0), Value::int(4))
            .expect("memory");
        assert!(t.get(mem, Value::int(i64::MAX)).is_nil());
        t.set(mem, Value::int(i64::MAX), Value::int(5))
            .expect("memory");
        assert_eq!(
            model(t.get(mem, Value::float(9223372036854775808.0))),
            M::Int(4)
        );
        assert!(t.next(mem, Value::int(77)).is_err());
    }
}

#[test]
fn shapes_and_dictionaries() {
    let mut mem = mem();
    let mem = &mut mem;
    // SAFETY: as above.
    unsafe {
        let names: Vec<Str> = (0..200)
            .map(|i| Str::interned(mem, format!("f{i}").as_bytes()))
            .collect();
        let t = Table::new(mem, 3, 0, 0, 9);
        let u = Table::new(mem, 4, 0, 0, 9);
        assert_eq!(t.inline_cap(), 4);
        for (i, n) in names.iter().enumerate() {
            t.set_field(mem, *n, Value::int(i as i64)).expect("memory");
            u.set_field(mem, *n, Value::int(-(i as i64)))
                .expect("memory");
        }
        assert_eq!((t.shape(), mem.shapes.count(t.shape())), (u.shape(), 200));
        assert!(t.cell().hash.load() == NIL_WORD);
        for (i, n) in names.iter().enumerate() {
            assert_eq!(model(t.get_str(mem, *n)), M::Int(i as i64));
            assert_eq!(model(u.get(mem, n.value())), M::Int(-(i as i64)));
        }
        t.set_field(mem, names[3], Value::NIL).expect("memory");
        assert_eq!(entries(mem, t).len(), 199);
        // A computed key in an empty table makes it a dictionary; constant names follow.
        let d = Table::new(mem, 4, 0, 0, 0);
        d.set(mem, names[0].value(), Value::TRUE).expect("memory");
        d.set_field(mem, names[1], Value::TRUE).expect("memory");
        assert!(d.shape() == Shapes::DICT && entries(mem, d).len() == 2);
        // A long key seals the shape but leaves the slots.
        let s = u.shape();
        let long = Str::new(mem, &[b'l'; 99]);
        u.set_str(mem, long, Value::TRUE).expect("memory");
        assert!(u.shape() != s && mem.shapes.is_sealed(u.shape()) && entries(mem, u).len() == 201);
        u.set_field(mem, names[5], Value::NIL).expect("memory");
        let new = Str::interned(mem, b"new");
        u.set_field(mem, new, Value::TRUE).expect("memory");
        assert_eq!(entries(mem, u).len(), 201);
        // Integer keys in the hash part do not.
        let w = Table::new(mem, 4, 0, 0, 0);
        w.set_int(mem, 1000, Value::TRUE).expect("memory");
        w.set_field(mem, names[0], Value::TRUE).expect("memory");
        assert!(w.shape() != Shapes::EMPTY && !mem.shapes.is_sealed(w.shape()));
    }
}

#[test]
fn metatable_epochs() {
    let mut mem = mem();
    let mem = &mut mem;
    // SAFETY: as above.
    unsafe {
        let index = Str::interned(mem, b"__index");
        index.set_event(1);
        let name = Str::interned(mem, b"name");
        let (t, m) = (Table::new(mem, 2, 0, 0, 0), Table::new(mem, 2, 0, 0, 0));
        let e = mem.epoch;
        m.set_field(mem, name, Value::TRUE).expect("memory");
        assert_eq!(mem.epoch, e);
        t.set_meta(mem, Some(m));
        assert!(mem.epoch != e && t.meta() == Some(m) && m.flags() & flag::IS_META != 0);
        let e = mem.epoch;
        m.set_field(mem, name, Value::FALSE).expect("memory");
        t.set_field(mem, name, Value::FALSE).expect("memory");
        assert_eq!(mem.epoch, e);
        m.set_flags(m.flags() | flag::NO_INDEX);
        m.set_field(mem, name, Value::NIL).expect("memory");
        m.set_field(mem, name, Value::TRUE).expect("memory");
        assert!(mem.epoch == e + 1 && m.flags() & flag::NO_INDEX != 0);
        m.set(mem, index.value(), Value::TRUE).expect("memory");
        assert!(mem.epoch == e + 2 && m.flags() & flag::NO_INDEX == 0);
        m.set_field(mem, index, Value::FALSE).expect("memory");
        assert_eq!(mem.epoch, e + 3);
        m.set_meta(mem, None);
        assert_eq!(mem.epoch, e + 4);
        // The same in the hash part.
        m.set_weak(mem, flag::WEAK_KEYS).expect("memory");
        m.set_flags(m.flags() | flag::NO_EQ);
        m.set(mem, name.value(), Value::FALSE).expect("memory");
        assert_eq!(mem.epoch, e + 4);
        m.set(mem, index.value(), Value::TRUE).expect("memory");
        assert!(mem.epoch == e + 5 && m.flags() & flag::NO_EQ == 0);
    }
}

#[test]
fn arrays_from_any_direction() {
    let mut mem = mem();
    let mem = &mut mem;
    // SAFETY: as above.
    unsafe {
        for n in [10i64, 500, 5000, 100_000] {
            for order in 0..4 {
                let t = Table::new(mem, 0, 0, 0, 0);
                let mut keys: Vec<i64> = match order {
                    0 => (1..=n).collect(),
                    1 => (1..=n).rev().collect(),
                    2 => (0..=n).collect(),
                    _ => (1..=n).collect(),
                };
                if order == 3 {
                    let mut r = Random(5);
                    for i in (1..keys.len()).rev() {
                        keys.swap(i, r.below(i as u64 + 1) as usize);
                    }
                }
                for k in &keys {
                    t.set_int(mem, *k, Value::int(-k)).expect("memory");
                }
                assert_eq!(t.len(mem), n);
                for k in &keys {
                    assert_eq!(t.get_int(mem, *k).as_int(), -k);
                }
                for k in n + 1..n + 400 {
                    t.set_int(mem, k, Value::int(-k)).expect("memory");
                }
                if n <= 5000 || order == 0 || order == 2 {
                    assert_eq!(t.arr_len() as i64, n + 399, "order {order}");
                }
                assert_eq!(entries(mem, t).len() as i64, n + 399 + (order == 2) as i64);
            }
        }
        // As the reference: a constructor's nils stay in the array part.
        let t = Table::new(mem, 0, 3, 0, 0);
        t.set_list(mem, 1, &[Value::NIL, Value::NIL, Value::TRUE])
            .expect("memory");
        assert_eq!(t.len(mem), 3);
        let t = Table::new(mem, 0, 0, 0, 0);
        for k in [1, 2, 4] {
            t.set_int(mem, k, Value::TRUE).expect("memory");
        }
        assert_eq!(t.len(mem), 4);
    }
}

/// Bytes of the array and hash part.
fn part_bytes(t: Table) -> usize {
    // SAFETY: as above.
    unsafe {
        let parts = [t.cell().array.load(), t.cell().hash.load()];
        let mut work: Vec<Obj> = parts
            .into_iter()
            .filter(|w| is_reference(*w))
            .map(|w| obj_of(w))
            .collect();
        let mut seen: HashSet<Obj> = [store::nil_chunk(), store::empty_segment()].into();
        let mut sum = 0;
        while let Some(o) = work.pop() {
            if !seen.insert(o) {
                continue;
            }
            let n = store::store(o).capacity as usize;
            sum += 16
                + n * match o.kind() {
                    kind::HASH => 17,
                    kind::SPINE => 10,
                    _ => 8,
                };
            match o.kind() {
                kind::SPINE => work.extend((0..n).filter_map(|i| edge_at(o, i).load())),
                kind::DIR => work.extend((0..n).filter_map(|i| store::dir_edge(o, i).load())),
                _ => {}
            }
        }
        sum
    }
}

/// Keys in arithmetic progression, of which a large hash part takes note, then
/// others among them.
#[test]
fn progressions() {
    for (step, from) in [
        (2i64, -40_000i64),
        (7, 1),
        (8, -3),
        (1000, 1000),
        (4096, 5),
        (7919, 3),
        (3 << 30, -(1 << 44)),
        (1 << 34, 7),
    ] {
        let mut mem = mem();
        let mem = &mut mem;
        let mut r = Random(step as u64);
        let mut shadow = HashMap::new();
        let n = 12_000;
        // SAFETY: as above.
        unsafe {
            let t = Table::new(mem, 0, 0, 0, 0);
            for i in 0..n {
                let k = from + i * step;
                t.set_int(mem, k, Value::int(i)).expect("memory");
                shadow.insert(M::Int(k), M::Int(i));
            }
            check(mem, t, &shadow);
            assert!(part_bytes(t) < n as usize * 44, "{step}: {}", part_bytes(t));
            if step > 4 {
                let twos = step.trailing_zeros();
                assert_eq!(t.stride().twos, twos);
                assert_eq!(t.stride().inverse.wrapping_mul(step as u64 >> twos), 1);
            }
            for round in 0..40_000 {
                let k = match r.below(4) {
                    0 => from + r.below(1000) as i64,
                    1 => r.next() as i64 >> 14,
                    _ => from + r.below(n as u64) as i64 * step,
                };
                if r.below(2) == 0 {
                    t.set_int(mem, k, Value::NIL).expect("memory");
                    shadow.remove(&M::Int(k));
                } else {
                    t.set_int(mem, k, Value::int(round)).expect("memory");
                    shadow.insert(M::Int(k), M::Int(round));
                }
            }
            check(mem, t, &shadow);
            // Traversing and emptying; the nodes serve others.
            let mut key = Value::NIL;
            while let Some((k, _)) = t.next(mem, key).expect("key exists") {
                t.set(mem, k, Value::NIL).expect("memory");
                key = k;
            }
            for i in 0..n {
                t.set_int(mem, from + 1 + i * step, Value::int(i))
                    .expect("memory");
            }
            let shadow = (0..n)
                .map(|i| (M::Int(from + 1 + i * step), M::Int(i)))
                .collect();
            check(mem, t, &shadow);
        }
    }
}

/// Filled backwards, a list's keys leave the hash part before that becomes a directory,
/// in which they would take a segment for each few.
#[test]
fn lists_filled_backwards_are_no_directories() {
    let mut mem = mem();
    let mem = &mut mem;
    // SAFETY: as above.
    unsafe {
        for n in [800i64, 1000, 1500, 2000, 5000] {
            let t = Table::new(mem, 0, 0, 0, 0);
            for k in (1..=n).rev() {
                t.set_int(mem, k, Value::int(k)).expect("memory");
            }
            // The elements, and the flat hash part where the first of them were.
            let most = n as usize * 8 + 2 * CHUNK * 8 + FLAT_HASH_MAX * 32;
            assert!(part_bytes(t) < most, "{n}: {}", part_bytes(t));
        }
    }
}

/// Filled column by column, a dense matrix ends up in the array part.
#[test]
fn columns_become_an_array() {
    let mut mem = mem();
    let mem = &mut mem;
    let (w, h) = (100, 1000);
    // SAFETY: as above.
    unsafe {
        let t = Table::new(mem, 0, 0, 0, 0);
        for x in 0..w {
            for y in 0..h {
                t.set_int(mem, 1 + y * w + x, Value::int(x))
                    .expect("memory");
            }
        }
        let n = (w * h) as usize;
        assert_eq!(entries(mem, t).len(), n);
        assert!(part_bytes(t) < n * 12, "{}", part_bytes(t));
    }
}

#[test]
fn queues_stay_small() {
    let mut mem = mem();
    let mem = &mut mem;
    // SAFETY: as above.
    unsafe {
        for length in [3i64, 100, 2000, 50_000] {
            let t = Table::new(mem, 0, 0, 0, 0);
            let mut most = 0;
            for i in 1..=1_000_000 {
                t.set_int(mem, i, Value::int(i)).expect("memory");
                if i > length {
                    assert_eq!(t.get_int(mem, i - length).as_int(), i - length);
                    t.set_int(mem, i - length, Value::NIL).expect("memory");
                }
                if i % 10_000 == 0 {
                    most = most.max(part_bytes(t));
                }
            }
            assert_eq!(entries(mem, t).len() as i64, length);
            assert!(most < length as usize * 64 + 64_000, "{length}: {most}");
        }
    }
}

#[test]
fn million_keys() {
    let mut mem = mem();
    let mem = &mut mem;
    // SAFETY: as above.
    unsafe {
        let t = Table::new(mem, 0, 0, 0, 0);
        let n = 1_000_000;
        for i in 0..n {
            t.set(mem, Value::float(i as f64 + 0.5), Value::int(i))
                .expect("memory");
        }
        let mut seen = vec![false; n as usize];
        let mut pos = 0;
        while let Some((p, k, v)) = t.next_at(mem, pos) {
            pos = p;
            assert_eq!(k.as_float(), v.as_int() as f64 + 0.5);
            assert!(!std::mem::replace(&mut seen[v.as_int() as usize], true));
        }
        assert!(seen.iter().all(|s| *s));
        let bytes = part_bytes(t) as f64 / n as f64;
        assert!(bytes < 37.0, "{bytes} bytes an entry");
        for i in (0..n).step_by(2) {
            t.set(mem, Value::float(i as f64 + 0.5), Value::NIL)
                .expect("memory");
        }
        let mut k = Value::NIL;
        let mut left = 0;
        while let Some((k2, _)) = t.next(mem, k).expect("key exists") {
            k = k2;
            left += 1;
        }
        assert_eq!(left, n / 2);
    }
}

#[derive(Default)]
struct Visits {
    seen: Vec<Obj>,
    weak: Vec<Obj>,
    ephemerons: Vec<Obj>,
}

impl moonsweep_gc::Visitor for Visits {
    fn object(&mut self, obj: Obj) {
        self.seen.push(obj);
    }
    fn weak(&mut self, owner: Obj) {
        self.weak.push(owner);
    }
    fn ephemerons(&mut self, owner: Obj) {
        self.ephemerons.push(owner);
    }
}

fn trace_all(root: Obj) -> Visits {
    use moonsweep_gc::Model;
    let mut v = Visits::default();
    let mut done = HashSet::new();
    v.seen.push(root);
    let mut i = 0;
    while i < v.seen.len() {
        let o = v.seen[i];
        i += 1;
        if done.insert(o) {
            // SAFETY: alive.
            unsafe { crate::object::trace::LuaModel::trace(o, &mut v) };
        }
    }
    v.seen = done.into_iter().collect();
    v
}

#[test]
fn tracing_reaches_everything() {
    let mut mem = mem();
    let mem = &mut mem;
    // SAFETY: as above.
    unsafe {
        let t = Table::new(mem, 2, 0, 0, 0);
        let mut want = HashSet::new();
        for i in 0..5000 {
            let o = Table::new(mem, 0, 0, 0, 0);
            let k = Table::new(mem, 0, 0, 0, 0);
            want.extend([o.0, k.0]);
            t.append(mem, o.value()).expect("memory");
            t.set(mem, k.value(), o.value()).expect("memory");
            let s = Str::interned(mem, format!("s{i}").as_bytes());
            if i < 50 {
                t.set_field(mem, s, k.value()).expect("memory")
            }
        }
        let m = Table::new(mem, 0, 0, 0, 0);
        want.insert(m.0);
        t.set_meta(mem, Some(m));
        let v = trace_all(t.0);
        assert!(v.weak.is_empty() && v.ephemerons.is_empty());
        let seen: HashSet<Obj> = v.seen.into_iter().collect();
        assert!(want.is_subset(&seen));
        // Removed keys are not visited.
        let gone = Table::new(mem, 0, 0, 0, 0);
        t.set(mem, gone.value(), Value::TRUE).expect("memory");
        t.set(mem, gone.value(), Value::NIL).expect("memory");
        assert!(!trace_all(t.0).seen.contains(&gone.0));
    }
}

#[test]
fn weak_tables() {
    for (modes, n) in [
        (flag::WEAK_KEYS, 10),
        (flag::WEAK_VALUES, 3000),
        (flag::WEAK, 300),
        (flag::WEAK_KEYS, 3000),
    ] {
        let mut mem = mem();
        let mem = &mut mem;
        // SAFETY: as above.
        unsafe {
            let t = Table::new(mem, 4, 0, 0, 0);
            let name = Str::interned(mem, b"name");
            t.set_field(mem, name, Value::TRUE).expect("memory");
            let objects: Vec<Table> = (0..n).map(|_| Table::new(mem, 0, 0, 0, 0)).collect();
            let early = n / 2;
            let mut want: BTreeMap<M, M> = BTreeMap::new();
            want.insert(model(name.value()), M::Bool(true));
            let dead = |i: usize| i.is_multiple_of(3);
            for (i, object) in objects.iter().enumerate() {
                if i == early {
                    t.set_weak(mem, modes).expect("memory");
                }
                let o = object.value();
                let (wk, wv) = (modes & flag::WEAK_KEYS != 0, modes & flag::WEAK_VALUES != 0);
                let s = Str::new(mem, format!("{i:0>50}").as_bytes()).value();
                for (k, v, lost) in [
                    (o, Value::int(i as i64), wk && dead(i)),
                    (Value::int(i as i64 + 1), o, wv && dead(i)),
                    (s, o, wv && dead(i)),
                    (Value::int((i as i64 + 1) << 52), s, false),
                    (Value::float(i as f64 + 0.5), Value::int(i64::MAX), false),
                ] {
                    t.set(mem, k, v).expect("memory");
                    if !lost {
                        want.insert(model(k), model(v));
                    }
                }
            }
            assert!(t.flags() & flag::DICT != 0 && t.shape() == Shapes::DICT);
            let v = trace_all(t.0);
            let gone: HashSet<Obj> = (0..n).filter(|i| dead(*i)).map(|i| objects[i].0).collect();
            let live = |o: Obj| !gone.contains(&o);
            for part in [WeakPart::Values, WeakPart::Keys] {
                for o in v.weak.iter().chain(&v.ephemerons) {
                    clear_weak(*o, part, &live);
                }
            }
            let left: BTreeMap<M, M> = entries(mem, t).into_iter().collect();
            assert_eq!(left, want);
            // Strong parts were visited, losable ones were not.
            let seen: HashSet<Obj> = v.seen.iter().copied().collect();
            let visited = modes != flag::WEAK;
            assert!(objects.iter().all(|o| seen.contains(&o.0) == visited));
            let mut pairs = 0;
            for o in &v.ephemerons {
                ephemerons(*o, &mut |_, _| pairs += 1);
            }
            // The values of object keys are integers here; weak values keep long keys.
            let kept = if modes == flag::WEAK {
                n - gone.len()
            } else {
                0
            };
            assert_eq!(pairs, kept);
            t.set_weak(mem, 0).expect("memory");
            assert_eq!(entries(mem, t).len(), want.len());
        }
    }
}

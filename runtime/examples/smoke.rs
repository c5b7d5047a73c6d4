//! Runs a Lua file with nothing but `print`: the smallest host.

use moonsweep_runtime::{Context, NativeDef, Result, Results, Vm};

static PRINT: NativeDef = NativeDef {
    name: "print",
    function: print,
};

fn print(cx: &mut Context) -> Result<Results> {
    let mut line = Vec::new();
    for i in 0..cx.nargs() {
        cx.tostring(i)?;
        if i > 0 {
            line.push(b'\t');
        }
        if let Some(s) = cx.top(0).as_str() {
            line.extend_from_slice(s.as_bytes());
        }
        cx.pop(1);
    }
    println!("{}", String::from_utf8_lossy(&line));
    cx.none()
}

static CLOCK: NativeDef = NativeDef {
    name: "clock",
    function: clock,
};

fn clock(cx: &mut Context) -> Result<Results> {
    let t = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64());
    cx.ret(t)
}
static PCALL: NativeDef = NativeDef {
    name: "pcall",
    function: pcall,
};
fn pcall(cx: &mut Context) -> Result<Results> {
    cx.check_any(0)?;
    Ok(cx.tail_pcall(cx.nargs() - 1))
}
static SETMETA: NativeDef = NativeDef {
    name: "setmetatable",
    function: setmeta,
};
fn setmeta(cx: &mut Context) -> Result<Results> {
    let t = cx.check_table(0)?;
    let m = cx.check_table(1)?;
    t.set_metatable(cx, Some(m));
    cx.ret(t)
}

fn main() {
    let path = std::env::args().nth(1).expect("a file");
    let source = std::fs::read(&path).expect("readable");
    let mut vm = Vm::new(Default::default()).expect("a heap");
    let cx = vm.context();
    for d in [
        &PRINT,
        &CLOCK,
        moonsweep_runtime::native::NEXT,
        &PCALL,
        &SETMETA,
    ] {
        let f = cx.native(d, &[]);
        let _ = cx.globals().set_name(cx, d.name, f);
    }
    let f = match cx.load(&source, format!("@{path}").as_bytes(), "t", None) {
        Ok(Ok(f)) => f,
        Ok(Err(e)) => {
            eprintln!("{}", String::from_utf8_lossy(e.as_bytes()));
            std::process::exit(1);
        }
        Err(_) => std::process::exit(1),
    };
    cx.push(f);
    if let Err(e) = cx.call(0, Some(0)) {
        let v = cx.caught(e);
        match v.as_str() {
            Some(s) => eprintln!("error: {}", String::from_utf8_lossy(s.as_bytes())),
            None => eprintln!("error: ({})", v.type_name()),
        }
        std::process::exit(1);
    }
}

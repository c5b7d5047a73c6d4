//! Chooses the interpreter's dispatch: handlers that tail-call each other need
//! an optimising build (see `src/interp/mod.rs`).

fn main() {
    println!("cargo::rustc-check-cfg=cfg(tail_dispatch)");
    println!("cargo::rerun-if-env-changed=MOONSWEEP_DISPATCH");
    let optimised = matches!(std::env::var("OPT_LEVEL").as_deref(), Ok("1" | "2" | "3"));
    let wanted = std::env::var("MOONSWEEP_DISPATCH").map_or(true, |d| d != "loop");
    if optimised && wanted {
        println!("cargo::rustc-cfg=tail_dispatch");
    }
}

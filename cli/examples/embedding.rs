//! A first look: running a script, sharing a table, Rust functions, errors.
//!
//! `cargo run --example embedding`

use moonsweep::{Error, ExternalResult, Function, Lua, Result, Table};

/// Runs it, and checks what comes out.
pub fn main() -> Result<()> {
    let lua = Lua::new();

    // Data for the script.
    let config = lua.create_table_from([("width", 640), ("height", 480)])?;
    lua.globals().set("config", config)?;

    // A function for the script; its errors reach the script as errors.
    let read =
        lua.create_function(|_, path: String| std::fs::read_to_string(path).into_lua_err())?;
    lua.globals().set("read", read)?;

    let script = r#"
        local ok, why = pcall(read, "/no/such/file")
        assert(not ok and tostring(why):find("No such file"))

        local function area(t) return t.width * t.height end
        return { area = area(config), scale = function(by) return area(config) * by end }
    "#;
    let module: Table = lua.load(script).set_name("=script").eval()?;
    assert_eq!(module.get::<i64>("area")?, 307_200);
    println!("area: {}", module.get::<i64>("area")?);

    // What the script made can be called, now and later.
    let scale: Function = module.get("scale")?;
    assert_eq!(scale.call::<f64>(0.5)?, 153_600.0);

    // Errors say where, and why.
    match scale.call::<f64>(true) {
        Err(error @ Error::RuntimeError(_)) => {
            println!("{}", error.message());
            assert!(
                error
                    .message()
                    .starts_with("script:6: attempt to perform arithmetic")
            );
            assert!(error.traceback().is_some());
        }
        other => panic!("{other:?}"),
    }
    Ok(())
}

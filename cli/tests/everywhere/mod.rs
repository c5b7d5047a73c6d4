//! What the tests of the embedding API share.

use moonsweep::{FromLuaMulti, GcKind, Lua, LuaOptions, Result, StdLib};

/// Runs a test under every collector, as it is and in stress mode.
pub fn everywhere(test: impl Fn(&Lua) -> Result<()>) {
    for &kind in GcKind::ALL {
        for stress in ["0", "7"] {
            let options = LuaOptions::new().collector(kind);
            let options = options.gc_option("stress", stress).unwrap();
            let options = options.gc_option("verify", if stress == "0" { "off" } else { "on" });
            let lua = Lua::new_with(StdLib::ALL, options.unwrap()).unwrap();
            if let Err(e) = test(&lua) {
                panic!("under {kind}, stress {stress}: {e}");
            }
            if let Err(e) = lua.gc_verify() {
                panic!("under {kind}, stress {stress}: {e}");
            }
        }
    }
}

/// Evaluates a chunk called `test`.
pub fn eval<R: FromLuaMulti>(lua: &Lua, text: &str) -> Result<R> {
    lua.load(text).set_name("=test").eval()
}

//! The examples, as tests: each checks itself.

#[path = "../examples/coroutines.rs"]
mod coroutines;
#[path = "../examples/embedding.rs"]
mod embedding;
#[path = "../examples/pauses.rs"]
mod pauses;
#[path = "../examples/sandbox.rs"]
mod sandbox;
#[path = "../examples/userdata.rs"]
mod userdata;

#[test]
fn each_of_them_runs() -> moonsweep::Result<()> {
    coroutines::main()?;
    embedding::main()?;
    pauses::main()?;
    sandbox::main()?;
    userdata::main()
}

//! Programs that want all of the machine: endless loops in what is one instruction or one call,
//! memory beside the heap, protected calls that would go on. With a limit of instructions and of
//! memory each must end with one of the two errors, soon, and small.

mod common;

use common::{MOONSWEEP, collectors, command};
use std::io::Read;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wait4::Wait4;

/// What each may execute. An instruction of a plain loop takes some 3 ns.
const INSTRUCTIONS: &str = "3M";
/// The heap's limit.
const HEAP: &str = "32M";
/// The most that a process may hold: a buffer of 5/4 of the limit beside a full heap, and the
/// rest of the program.
const RESIDENT: u64 = 96 << 20;
/// CPU time, of a build that is not optimised on a machine that is at work.
const SECONDS: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 6 });

#[rustfmt::skip]
const PROGRAMS: &[(&str, &str)] = &[
    ("pcall_loop", r##"while true do pcall(function() while true do end end) end"##),
    ("pcall_nest", r##"local function f() pcall(f) while true do end end f()"##),
    ("xpcall_handler", r##"while true do xpcall(function() while true do end end, function(m) while true do end end) end"##),
    ("pcall_error_loop", r##"while true do pcall(error) end"##),
    ("pcall_only", r##"while true do pcall(pcall) end"##),
    ("co_wrap", r##"while true do local f=coroutine.wrap(function() while true do coroutine.yield() end end) pcall(function() while true do f() end end) end"##),
    ("co_pcall", r##"local f f=function() while true do pcall(coroutine.wrap(function() pcall(function() while true do end end) while true do end end)) end end f()"##),
    ("co_close", r##"while true do local co=coroutine.create(function() local x<close> =setmetatable({},{__close=function() while true do end end}) coroutine.yield() end) coroutine.resume(co) coroutine.close(co) end"##),
    ("co_nest", r##"local function f() return coroutine.wrap(f)() end while true do pcall(f) end"##),
    ("meta_index", r##"local t=setmetatable({},{__index=function(t,k) while true do end end}) while true do pcall(function() return t.x end) end"##),
    ("meta_eq_lt", r##"local m={} m.__lt=function(a,b) return pcall(function() while true do end end) end local a,b=setmetatable({},m),setmetatable({},m) while true do local _=a<b end"##),
    ("meta_concat", r##"local m={} m.__concat=function(a,b) return a..b end local a=setmetatable({},m) while true do pcall(function() return a..a end) end"##),
    ("close_loop", r##"while true do pcall(function() local x<close> =setmetatable({},{__close=function() while true do end end}) error(1) end) end"##),
    ("close_main", r##"local x<close> =setmetatable({},{__close=function() while true do pcall(function() while true do end end) end end}) while true do end"##),
    ("sort_cb", r##"local t={} for i=1,1000 do t[i]=i end while true do pcall(table.sort,t,function(a,b) while true do end end) end"##),
    ("sort_rnd", r##"local t={} for i=1,100000 do t[i]=i end while true do pcall(table.sort,t,function(a,b) return math.random()<.5 end) end"##),
    ("sort_nocb", r##"local t={} for i=1,1000000 do t[i]=i end while true do pcall(table.sort,t) end"##),
    ("gsub_cb", r##"local s=string.rep("a",1e6) while true do pcall(string.gsub,s,"a",function() return "bb" end) end"##),
    ("gsub_tbl", r##"local s=string.rep("a",1e6) while true do pcall(string.gsub,s,"a",{a="bb"}) end"##),
    ("gsub_str", r##"local s=string.rep("a",1e6) while true do pcall(string.gsub,s,"a","%0%0%0%0") end"##),
    ("gsub_grow", r##"local s="a" while true do pcall(function() s=s:gsub(".","%0%0") end) end"##),
    ("rep", r##"while true do pcall(string.rep,"x",1<<40) end"##),
    ("rep_sep", r##"while true do pcall(string.rep,"",1<<62,"xyz") pcall(string.rep,"",1<<62) pcall(string.rep,"ab",math.maxinteger) end"##),
    ("rep_grow", r##"local t={} while true do pcall(function() t[#t+1]=string.rep("x",1e6) end) end"##),
    ("concat_grow", r##"local s="x" while true do pcall(function() s=s..s end) end"##),
    ("format_w", r##"while true do pcall(string.format,"%99s",("x"):rep(1e6)) pcall(string.format,("%s"):rep(1000),table.unpack({},1,1000)) end"##),
    ("format_many", r##"local s=string.rep("x",1e6) local f=("%s"):rep(200) local a={} for i=1,200 do a[i]=s end while true do pcall(string.format,f,table.unpack(a)) end"##),
    ("pack", r##"while true do pcall(string.pack,"!16 s8 z",("x"):rep(1e6),"a") pcall(string.pack,("x"):rep(1e6)) pcall(string.pack,"c2147483647","") pcall(string.packsize,("c2147483647"):rep(100)) end"##),
    ("pack_c", r##"local t={} while true do pcall(function() t[#t+1]=string.pack("c2147483647","") end) end"##),
    ("tconcat", r##"local t={} for i=1,1e5 do t[i]=("x"):rep(100) end while true do pcall(table.concat,t,("y"):rep(1e5)) end"##),
    ("tconcat_huge", r##"while true do pcall(table.concat,{},"",1,math.maxinteger) pcall(table.concat,setmetatable({},{__index=function() return "x" end}),"",1,math.maxinteger) end"##),
    ("tmove", r##"while true do pcall(table.move,{},1,math.maxinteger-1,2) end"##),
    ("tmove2", r##"while true do pcall(table.move,{},1,1e15,2,{}) end"##),
    ("tmove_meta", r##"while true do pcall(table.move,setmetatable({},{__index=function() return 1 end}),1,1e15,1,{}) end"##),
    ("tunpack", r##"while true do pcall(table.unpack,{},1,1e6) pcall(table.unpack,{},1,1e7) pcall(table.unpack,{},math.mininteger,math.maxinteger) end"##),
    ("tinsert", r##"local t=setmetatable({},{__len=function() return math.maxinteger-1 end}) while true do pcall(table.insert,t,1,2) pcall(table.remove,t,1) end"##),
    ("tsortlen", r##"local t=setmetatable({},{__len=function() return (1<<31)-2 end,__index=function() return 1 end,__newindex=function() end}) while true do pcall(table.sort,t) end"##),
    ("load_reader", r##"while true do pcall(load,function() return "x=1 " end) end"##),
    ("load_reader_cmt", r##"while true do pcall(load,function() return "--aaaaaaaaaaaaaaaaaaaaaa" end) end"##),
    ("load_reader_str", r##"local b=("a"):rep(4096) local first=true while true do first=true pcall(load,function() if first then first=false return "x=[[" end return b end) end"##),
    ("load_reader_name", r##"local b=("a"):rep(4096) while true do pcall(load,function() return b end) end"##),
    ("load_reader_nl", r##"local b=("\n"):rep(4096) while true do pcall(load,function() return b end) end"##),
    ("load_reader_num", r##"local b=("1"):rep(4096) while true do pcall(load,function() return b end) end"##),
    ("load_giant", r##"local s=("x=1 "):rep(1e6) while true do pcall(load,s) end"##),
    ("load_deep", r##"local s=("("):rep(1e6) while true do pcall(load,s) end"##),
    ("load_table", r##"local s="return {"..("1,"):rep(1e6).."}" while true do pcall(load,s) end"##),
    ("load_bin_reader", r##"local d=string.dump(function() end) local first=true while true do first=true pcall(load,function() if first then first=false return d:sub(1,20) end return "\255\255\255\127" end) end"##),
    ("utf8len", r##"local s=("\u{10ffff}"):rep(1e6) while true do pcall(utf8.len,s) end"##),
    ("utf8cp", r##"local s=("x"):rep(1e7) while true do pcall(utf8.codepoint,s,1,-1) end"##),
    ("utf8off", r##"local s=("\x80"):rep(1e7) while true do pcall(utf8.offset,s,1e6,1) pcall(utf8.offset,"x"..s,2) pcall(utf8.len,s,1,-1,true) end"##),
    ("utf8codes", r##"local s=("x"):rep(1e7) while true do for _ in utf8.codes(s) do end end"##),
    ("utf8char", r##"while true do pcall(function() return utf8.char(table.unpack({},1,0)) end) pcall(utf8.char,table.unpack((function() local t={} for i=1,1e5 do t[i]=i end return t end)())) end"##),
    ("pat_back", r##"while true do pcall(string.find,("a"):rep(60),("a*"):rep(30).."b") end"##),
    ("pat_back2", r##"while true do pcall(string.match,("a"):rep(200000),".-.-.-.-b$") end"##),
    ("pat_gsub_back", r##"while true do pcall(string.gsub,("a"):rep(200000),"(.-)%1b","") end"##),
    ("pat_frontier", r##"while true do pcall(string.find,("a"):rep(3000000),"%f[b]%f[c]x*y") end"##),
    ("pat_bal", r##"while true do pcall(string.find,("("):rep(300000),"%b()") end"##),
    ("pat_gmatch", r##"while true do for _ in string.gmatch(("a"):rep(300000),"a-b") do end end"##),
    ("find_plain", r##"local s=("a"):rep(5e6) local n=("a"):rep(2.5e6).."b" while true do pcall(string.find,s,n,1,true) end"##),
    ("find_plain1", r##"local s=("a"):rep(5e6) while true do pcall(string.find,s,"b",1,true) end"##),
    ("find_init", r##"local s=("a"):rep(5e6) while true do pcall(string.find,s,"[^a]") end"##),
    ("byte", r##"local s=("a"):rep(5e6) while true do pcall(string.byte,s,1,-1) end"##),
    ("char", r##"local t={} for i=1,200 do t[i]=65 end while true do string.char(table.unpack(t)) end"##),
    ("io_read_n", r##"while true do pcall(io.read,1<<40) pcall(io.read,math.maxinteger) end"##),
    ("io_devzero_n", r##"local f=io.open("/dev/zero") while true do pcall(f.read,f,1<<40) end"##),
    ("io_devzero_l", r##"local f=io.open("/dev/zero") while true do pcall(f.read,f,"l") end"##),
    ("io_devzero_a", r##"local f=io.open("/dev/zero") while true do pcall(f.read,f,"a") end"##),
    ("io_devzero_num", r##"local f=io.open("/dev/zero") while true do pcall(f.read,f,"n") end"##),
    ("io_lines", r##"while true do pcall(function() for l in io.lines("/dev/zero",1<<40) do end end) end"##),
    ("io_write", r##"local f=io.open("/dev/null","w") local s=("x"):rep(1e7) while true do f:write(s,s,s) end"##),
    ("io_setvbuf", r##"local f=io.open("/dev/null","w") while true do pcall(f.setvbuf,f,"full",math.maxinteger) pcall(f.setvbuf,f,"full",1<<40) f:write("x") end"##),
    ("io_popen", r##"while true do pcall(function() local p=io.popen("yes") p:read("a") end) end"##),
    ("dofile_zero", r##"while true do pcall(loadfile,"/dev/zero") end"##),
    ("os_date", r##"local f=("%c"):rep(1e5) while true do pcall(os.date,f) end"##),
    ("os_date_huge", r##"local f=("%A"):rep(5e6) while true do pcall(os.date,f) pcall(os.date,"*t",math.maxinteger) end"##),
    ("os_time", r##"while true do pcall(os.time,{year=math.maxinteger,month=1,day=1}) pcall(os.time,{year=2000,month=math.mininteger,day=1}) end"##),
    ("tostring_name", r##"while true do local t=setmetatable({},{__tostring=function() while true do end end}) pcall(tostring,t) pcall(print,t) end"##),
    ("goto", r##"::a:: pcall(function() ::b:: goto b end) goto a"##),
    ("next_loop", r##"local t={} for i=1,1e5 do t[i]=nil t["k"..i]=1 end while true do for k in pairs(t) do t[k]=nil end end"##),
    ("setmeta_chain", r##"local t={} for i=1,1e5 do t=setmetatable({},{__index=t}) end while true do pcall(function() return t.x end) end"##),
    ("newindex_chain", r##"local t={} for i=1,1e5 do t=setmetatable({},{__newindex=t}) end while true do pcall(function() t.x=1 end) end"##),
    ("call_chain", r##"local t=setmetatable({},{}) getmetatable(t).__call=t while true do pcall(t) end"##),
    ("hook", r##"debug.sethook(function() while true do end end,"",1) while true do end"##),
    ("hook2", r##"debug.sethook(function() pcall(error) end,"crl",1) while true do pcall(error) end"##),
    ("traceback", r##"local function f(n) if n==0 then while true do debug.traceback() end end f(n-1) end f(1000)"##),
    ("require", r##"package.preload.x=function() while true do pcall(require,"y") end end require "x""##),
    ("searchpath", r##"local p=("?;"):rep(1e5) while true do pcall(package.searchpath,("x"):rep(1000),p) end"##),
    ("tpack_grow", r##"local t={} while true do pcall(function() t={t,table.pack(table.unpack(t))} end) end"##),
    ("tblgrow", r##"local t={} while true do pcall(function() while true do t[#t+1]={} end end) end"##),
    ("coogrow", r##"local t={} while true do pcall(function() while true do t[#t+1]=coroutine.create(print) end end) end"##),
    ("closuregrow", r##"local t={} while true do pcall(function() while true do local x t[#t+1]=function() return x end end end) end"##),
    ("strgrow", r##"local t={} local i=0 while true do pcall(function() while true do i=i+1 t[#t+1]="k"..i end end) end"##),
    ("stackgrow", r##"local function f(...) return f(1,2,3,4,...) end while true do pcall(f) end"##),
    ("vararg", r##"local function f(...) return select("#",...) end while true do pcall(f,table.unpack({},1,900000)) end"##),
    ("select_neg", r##"while true do pcall(select,-1,table.unpack({},1,200000)) end"##),
    ("gc_loop", r##"local function g() setmetatable({},{__gc=function() g() while true do end end}) end while true do g() collectgarbage() end"##),
    ("gcfn", r##"local t={} while true do pcall(function() t[#t+1]=setmetatable({},{__gc=function(o) t[#t+1]=o end}) end) end"##),
    ("userdata_files", r##"local t={} while true do pcall(function() t[#t+1]=io.tmpfile() end) end"##),
    ("warn", r##"warn("@off") local s=("x"):rep(1e6) while true do warn(s,s,s) end"##),
    ("tonumber", r##"local s=("1"):rep(5e6) while true do pcall(tonumber,s) pcall(tonumber,s,36) pcall(tonumber,"0x"..s) pcall(tonumber,s..".5e-5") end"##),
    ("dump", r##"local f=load(("local x=1 "):rep(150)) while true do string.dump(f) end"##),
    ("lfs", r##"local lfs=require"lfs" while true do for e in lfs.dir("/") do end end"##),
    ("gccall", r##"while true do collectgarbage() collectgarbage("step") end"##),
    ("load_expressions", r##"local s="x="..("a+a+"):rep(1e6).."a" while true do pcall(load,s) end"##),
    ("load_calls", r##"local s=("f(a,b)"):rep(3e5) local t={} while true do t[#t+1]=load(s) end"##),
    ("return_many", r##"local function f(n,...) if n==0 then return ... end return (select("#",f(n-1,...))) and f(n-1,...) end while true do pcall(f,8,table.unpack({},1,1e5)) end"##),
    ("setvbuf_fill", r##"local f=io.tmpfile() f:setvbuf("full",1<<30) local s=("x"):rep(1000) while true do f:write(s) end"##),
    ("call_table", r##"local t=setmetatable({},{__call=select}) while true do pcall(t,table.unpack({},1,1e5)) end"##),
    ("lines_popen", r##"while true do for l in io.popen("tr -d '\\n' </dev/zero"):lines() do end end"##),
];

/// Runs one; what is wrong with how it ended.
fn trouble(program: &str, collector: &str) -> Option<String> {
    let mut child = command(MOONSWEEP)
        .args(["--gc", collector, "--heap-max", HEAP])
        .args(["--max-instructions", INSTRUCTIONS, "-e", program])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut messages = child.stderr.take().expect("a pipe");
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        // What it says is short; a program that warns without end is cut off.
        let _ = (&mut messages).take(1 << 20).read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let pid = rustix::process::Pid::from_child(&child);
    let watch = thread::spawn(move || {
        let started = Instant::now();
        while started.elapsed() < 10 * SECONDS {
            if rustix::process::test_kill_process(pid).is_err() {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        true
    });
    let ended = child.wait4().expect("a child that can be waited for");
    if watch.join().expect("the watch ends") {
        return Some("does not end".to_owned());
    }
    let text = reader.join().expect("the reader ends");
    let head = text.lines().next().unwrap_or_default();
    let limited =
        head.ends_with("instruction limit reached") || head.ends_with("not enough memory");
    let used = ended.rusage.utime + ended.rusage.stime;
    if ended.status.code() != Some(1) || !limited {
        return Some(format!("{}, with {head:?}", ended.status));
    }
    if used > SECONDS {
        return Some(format!("took {used:?}"));
    }
    let resident = ended.rusage.maxrss;
    (resident > RESIDENT).then(|| format!("held {} KiB", resident >> 10))
}

#[test]
fn limits_hold_whatever_a_program_does() {
    let collectors = collectors();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some((name, program)) = PROGRAMS.get(i) else {
                return;
            };
            // Each by one collector: what a limit does is the interpreter's.
            let collector = collectors[i % collectors.len()];
            if let Some(what) = trouble(program, collector) {
                let line = format!("{name} (--gc {collector}): {what}");
                failed.lock().expect("not poisoned").push(line);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().expect("not poisoned");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

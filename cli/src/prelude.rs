//! The names of the API with `Lua` in front, for `use moonsweep::prelude::*`.

#[cfg(feature = "serde")]
pub use crate::LuaSerdeExt;
pub use crate::{
    AnyUserData as LuaAnyUserData, AsyncThread as LuaAsyncThread, Chunk as LuaChunk,
    ChunkMode as LuaChunkMode, Either as LuaEither, Error as LuaError,
    ErrorContext as LuaErrorContext, ExternalError as LuaExternalError,
    ExternalResult as LuaExternalResult, FromLua, FromLuaMulti, Function as LuaFunction,
    FunctionInfo as LuaFunctionInfo, GcMode as LuaGcMode, HookEvent as LuaHookEvent,
    HookTriggers as LuaHookTriggers, IntoLua, IntoLuaMulti, LightUserData as LuaLightUserData, Lua,
    LuaOptions, LuaString, MetaMethod as LuaMetaMethod, MultiValue as LuaMultiValue, Nil as LuaNil,
    ObjectLike as LuaObjectLike, RegistryKey as LuaRegistryKey, Result as LuaResult,
    StdLib as LuaStdLib, Table as LuaTable, TablePairs as LuaTablePairs,
    TableSequence as LuaTableSequence, Thread as LuaThread, ThreadStatus as LuaThreadStatus,
    UserData as LuaUserData, UserDataFields as LuaUserDataFields,
    UserDataMethods as LuaUserDataMethods, UserDataRef as LuaUserDataRef,
    UserDataRefMut as LuaUserDataRefMut, Value as LuaValue, Variadic as LuaVariadic,
    VmState as LuaVmState, WeakLua,
};

//! The events of metatables, with their key names.

macro_rules! events {
    ($($(#[doc = $doc:literal])* $name:ident = $key:literal;)*) => {
        /// A key of a metatable that the virtual machine itself looks up.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum Event { $($(#[doc = $doc])* $name),* }
        impl Event {
            /// All events.
            pub const ALL: &'static [Event] = &[$(Event::$name),*];
            /// Number of events.
            pub const COUNT: usize = Event::ALL.len();
            /// The key, such as `__index`.
            pub const fn key(self) -> &'static str { match self { $(Event::$name => $key),* } }
        }
    };
}

events! {
    /// indexing access
    Index = "__index";
    /// indexing assignment
    NewIndex = "__newindex";
    /// finalizer
    Gc = "__gc";
    /// weakness
    Mode = "__mode";
    /// length
    Len = "__len";
    /// equality
    Eq = "__eq";
    /// addition
    Add = "__add";
    /// subtraction
    Sub = "__sub";
    /// multiplication
    Mul = "__mul";
    /// modulo
    Mod = "__mod";
    /// power
    Pow = "__pow";
    /// division
    Div = "__div";
    /// floor division
    IDiv = "__idiv";
    /// bitwise and
    BAnd = "__band";
    /// bitwise or
    BOr = "__bor";
    /// bitwise exclusive or
    BXor = "__bxor";
    /// shift left
    Shl = "__shl";
    /// shift right
    Shr = "__shr";
    /// negation
    Unm = "__unm";
    /// bitwise not
    BNot = "__bnot";
    /// less than
    Lt = "__lt";
    /// less than or equal
    Le = "__le";
    /// concatenation
    Concat = "__concat";
    /// call
    Call = "__call";
    /// to-be-closed variable
    Close = "__close";
    /// type name for messages
    Name = "__name";
    /// conversion to string
    ToString = "__tostring";
    /// protection of the metatable
    Metatable = "__metatable";
    /// iteration
    Pairs = "__pairs";
}

impl Event {
    /// The event's name in messages: `add` for `__add`.
    pub fn short_name(self) -> &'static str {
        &self.key()[2..]
    }
}

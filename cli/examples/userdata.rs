//! A Rust type in Lua: fields, methods, operators, and the rules of borrowing.
//!
//! `cargo run --example userdata`

use moonsweep::{
    AnyUserData, Lua, MetaMethod, Result, UserData, UserDataFields, UserDataMethods, UserDataRef,
};

#[derive(Clone, Debug, PartialEq)]
struct Matrix {
    rows: usize,
    cells: Vec<f64>,
}

impl Matrix {
    fn columns(&self) -> usize {
        self.cells.len() / self.rows.max(1)
    }
    fn product(&self, other: &Matrix) -> Matrix {
        let (inner, columns) = (self.columns(), other.columns());
        let cell = |row: usize, column: usize| -> f64 {
            let terms =
                (0..inner).map(|i| self.cells[row * inner + i] * other.cells[i * columns + column]);
            terms.sum()
        };
        let cells = (0..self.rows).flat_map(|r| (0..columns).map(move |c| (r, c)));
        Matrix {
            rows: self.rows,
            cells: cells.map(|(r, c)| cell(r, c)).collect(),
        }
    }
}

impl UserData for Matrix {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("rows", |_, this| Ok(this.rows));
        fields.add_field_method_get("columns", |_, this| Ok(this.columns()));
    }
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("cells", |_, this, ()| Ok(this.cells.clone()));
        methods.add_method_mut("scale", |_, this, by: f64| {
            this.cells.iter_mut().for_each(|cell| *cell *= by);
            Ok(())
        });
        methods.add_meta_method(
            MetaMethod::Mul,
            |_, this, other: UserDataRef<Matrix>| match this.columns() == other.rows {
                true => Ok(this.product(&other)),
                false => Err(moonsweep::Error::runtime("sizes don't fit")),
            },
        );
        methods.add_meta_method(MetaMethod::Eq, |_, this, other: UserDataRef<Matrix>| {
            Ok(*this == *other)
        });
    }
}

/// Runs it, and checks what comes out.
pub fn main() -> Result<()> {
    let lua = Lua::new();
    let matrix = lua.create_function(|_, rows: Vec<Vec<f64>>| {
        Ok(Matrix {
            rows: rows.len(),
            cells: rows.concat(),
        })
    })?;
    lua.globals().set("matrix", matrix)?;

    let turned: AnyUserData = lua
        .load(
            "local turn = matrix{{0, -1}, {1, 0}}
             local point = matrix{{3}, {4}}
             local turned = turn * point
             turned:scale(2)
             assert(turned == matrix{{-8}, {6}} and turned.rows == 2 and turned.columns == 1)
             assert(not pcall(function() return point * turn end))
             return turned",
        )
        .eval()?;

    // Rust sees the same value, by the same rules.
    turned.borrow_mut::<Matrix>()?.cells[0] = 0.0;
    assert_eq!(turned.call_method::<Vec<f64>>("cells", ())?, [0.0, 6.0]);
    let reader = turned.borrow::<Matrix>()?;
    assert!(turned.borrow_mut::<Matrix>().is_err());
    println!("{:?}", *reader);
    Ok(())
}

//! Table constructors.

use std::collections::HashSet;

use super::Result;
use super::function::FunctionState;
use super::value::{Kind, Value};
use crate::ast::{Expr, ExprId, Field};
use crate::bytecode::opcodes::Op;
use crate::token::Place;

/// Positional values to collect in registers before they are stored.
const FIELDS_PER_FLUSH: usize = 50;
/// Most fields of a record.
const MAX_RECORD: usize = 32;
/// A record is not collected in registers above this one.
const RECORD_CEILING: usize = 200;
/// Largest size hint for the array part.
const MAX_ARRAY_HINT: usize = (1 << 24) - 1;
/// Largest size hint for the record part.
const MAX_RECORD_HINT: usize = 255;

impl FunctionState<'_> {
    /// Builds a table in the next free register.
    pub fn constructor(&mut self, fields: &[Field], end: Place) -> Result<Value> {
        match self.record_names(fields) {
            Some(names) => self.record(fields, names),
            None => self.table(fields, end),
        }
    }

    /// The names of the fields, if they make a record: distinct constant names
    /// and nothing else.
    fn record_names(&mut self, fields: &[Field]) -> Option<Vec<u16>> {
        let in_range = (1..=MAX_RECORD).contains(&fields.len());
        if !in_range || self.free + fields.len() > RECORD_CEILING {
            return None;
        }
        let mut texts = HashSet::new();
        let mut names = Vec::with_capacity(fields.len());
        for field in fields {
            let Field::Keyed { key, .. } = field else {
                return None;
            };
            let Expr::Str(name) = &self.chunk.node(*key).expr else {
                return None;
            };
            if !texts.insert(name) {
                return None;
            }
            names.push(self.field_name(name)?);
        }
        Some(names)
    }

    fn record(&mut self, fields: &[Field], names: Vec<u16>) -> Result<Value> {
        let base = self.free_register();
        for field in fields {
            if let Field::Keyed { place, value, .. } = field {
                self.place = *place;
                let mut value = self.expression(*value)?;
                self.put_next(&mut value)?;
            }
        }
        let names = names.into_boxed_slice();
        let template = match self.template_index.get(&names) {
            Some(index) => *index,
            None => {
                let index = self.templates.len() as u32;
                self.templates.push(names.clone());
                self.template_index.insert(names, index);
                index
            }
        };
        self.emit_extended(Op::NEWOBJ, base, fields.len() as u8, 0, template);
        self.free = usize::from(base) + 1;
        Ok(Value::new(Kind::Register(base)))
    }

    fn table(&mut self, fields: &[Field], end: Place) -> Result<Value> {
        let table = self.free_register();
        self.reserve(1)?;
        let pc = self.emit(Op::NEWTABLE, table, 0, 0);
        let mut stored = 0;
        let mut pending = 0;
        let mut records = 0usize;
        let mut list = fields.iter().peekable();
        while let Some(field) = list.next() {
            match field {
                Field::Keyed { key, place, value } => {
                    records += 1;
                    self.keyed_field(table, *key, *place, *value)?;
                }
                Field::Positional(item) => {
                    let mut value = self.expression(item.expr)?;
                    // The last field of all may have many results.
                    let is_last = list.peek().is_none();
                    self.place = if is_last { end } else { item.place };
                    if is_last && value.is_multi() {
                        self.set_all_results(&value)?;
                        self.set_list(table, 0, stored);
                        stored += pending;
                        pending = 0;
                        continue;
                    }
                    self.put_next(&mut value)?;
                    pending += 1;
                    if pending == FIELDS_PER_FLUSH && !is_last {
                        self.set_list(table, pending as u8, stored);
                        stored += pending;
                        pending = 0;
                    }
                }
            }
        }
        self.place = end;
        if pending > 0 {
            self.set_list(table, pending as u8, stored);
            stored += pending;
        }
        let array_hint = stored.min(MAX_ARRAY_HINT) as u32;
        let record_hint = records.min(MAX_RECORD_HINT) as u32;
        self.code[pc as usize + 1] = array_hint | record_hint << 24;
        self.free = usize::from(table) + 1;
        Ok(Value::new(Kind::Register(table)))
    }

    fn keyed_field(&mut self, table: u8, key: ExprId, place: Place, value: ExprId) -> Result<()> {
        let free = self.free;
        let mut key = self.expression(key)?;
        self.put_value(&mut key)?;
        self.place = place;
        let mut target = Value::new(Kind::Register(table));
        self.indexed(&mut target, &mut key)?;
        let mut value = self.expression(value)?;
        self.store(&target, &mut value)?;
        self.free = free;
        Ok(())
    }

    /// Stores the values above `table` behind its first `stored` elements;
    /// `count` 0 stands for all up to the top.
    fn set_list(&mut self, table: u8, count: u8, stored: usize) {
        self.emit_extended(Op::SETLIST, table, count, 0, stored as u32);
        self.free = usize::from(table) + 1;
    }
}

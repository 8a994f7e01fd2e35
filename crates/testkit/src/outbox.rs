//! An outbox that keeps everything it was given.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kms_protocol::Value;
use kms_vault::{Outbox, SessionId, UiCommand};

/// What left the enclave without having been asked for; clones share it.
#[derive(Clone, Default)]
pub struct Recorder {
    events: Rc<RefCell<Vec<(SessionId, Value)>>>,
    commands: Rc<RefCell<Vec<UiCommand>>>,
    view: Rc<Cell<Option<u32>>>,
}

impl Recorder {
    /// Events of a session, by name, in order.
    #[must_use]
    pub fn names(&self, session: SessionId) -> Vec<String> {
        let events = self.events.borrow();
        let own = events.iter().filter(|(to, _)| *to == session);
        own.map(|(_, event)| name_of(event)).collect()
    }

    /// Every event.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.events.borrow().iter().map(|(_, event)| event.clone()).collect()
    }

    /// Looks at the commands to the user interface, the last one first, until something is found.
    pub fn find<T>(&self, look: impl FnMut(&UiCommand) -> Option<T>) -> Option<T> {
        self.commands.borrow().iter().rev().find_map(look)
    }

    /// Number of the screen that was shown last.
    #[must_use]
    pub fn view(&self) -> Option<u32> {
        self.view.get()
    }

    /// Commands to the user interface so far; they are forgotten.
    #[must_use]
    pub fn take_commands(&self) -> Vec<UiCommand> {
        std::mem::take(&mut self.commands.borrow_mut())
    }
}

fn name_of(event: &Value) -> String {
    match event {
        Value::Map(members) => match members.first() {
            Some((_, Value::Text(name))) => name.clone(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

impl Outbox for Recorder {
    fn event(&self, session: SessionId, event: Value) {
        self.events.borrow_mut().push((session, event));
    }

    fn ui(&self, command: UiCommand) {
        if let UiCommand::Show(view) = &command {
            self.view.set(Some(view.number));
        }
        self.commands.borrow_mut().push(command);
    }
}

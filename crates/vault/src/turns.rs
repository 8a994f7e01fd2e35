//! One at a time, in the order of asking. A lock would do for the first half.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use futures_channel::oneshot;

/// Turns that can be asked for.
#[derive(Default)]
pub(crate) struct Turns(Rc<Queue>);

#[derive(Default)]
struct Queue {
    taken: Cell<bool>,
    waiting: RefCell<VecDeque<oneshot::Sender<Turn>>>,
}

/// Whoever has it is the only one; the next one follows when it is dropped.
pub(crate) struct Turn(Rc<Queue>);

impl Turns {
    /// Asks for a turn, now; it comes when those who asked before are done, or gave up.
    pub(crate) fn ask(&self) -> oneshot::Receiver<Turn> {
        let (give, turn) = oneshot::channel();
        self.0.waiting.borrow_mut().push_back(give);
        if !self.0.taken.replace(true) {
            self.0.pass_on();
        }
        turn
    }
}

impl Queue {
    fn pass_on(self: &Rc<Self>) {
        let next = self.waiting.borrow_mut().pop_front();
        match next {
            // A turn that nobody takes any more passes itself on.
            Some(next) => drop(next.send(Turn(Rc::clone(self)))),
            None => self.taken.set(false),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.pass_on();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it is the turn of somebody.
    fn has(turn: &mut oneshot::Receiver<Turn>) -> Option<Turn> {
        turn.try_recv().unwrap()
    }

    #[test]
    fn turns_come_one_by_one_in_the_order_of_asking() {
        let turns = Turns::default();
        let mut all: Vec<_> = (0..5).map(|_| turns.ask()).collect();
        for at in 0..5 {
            let turn = has(&mut all[at]);
            assert!(turn.is_some(), "{at}");
            assert!(all[at + 1..].iter_mut().all(|later| has(later).is_none()), "{at}");
            // Who asks meanwhile comes last.
            let mut late = turns.ask();
            assert!(has(&mut late).is_none());
        }
        assert!(has(&mut turns.ask()).is_some());
    }

    #[test]
    fn who_gives_up_holds_up_nobody() {
        let turns = Turns::default();
        let (first, second, mut third) = (turns.ask(), turns.ask(), turns.ask());
        drop(second);
        assert!(has(&mut third).is_none());
        // It was given and never looked at.
        drop(first);
        assert!(has(&mut third).is_some());
    }
}

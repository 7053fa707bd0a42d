use push_system::{marks::StateChange, session::outbox::Unsent};

/// A short notice, with a way back where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What happened.
    pub text: String,
    /// How to take it back.
    pub undo: Option<Undo>,
}

/// What *Undo* does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// Changes the state back.
    State(StateChange),
    /// Puts a discarded row back.
    Unsent(Unsent),
}

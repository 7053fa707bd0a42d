use push_system::protocol::CloseCode;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// One WebSocket. Dropping it closes it, and nothing more is heard of it.
pub(super) struct Socket {
    wire: WebSocket,
    _on_text: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Connects. What is not text is reported as an empty text, which is no frame.
    pub(super) fn open(
        address: &str,
        mut on_text: impl FnMut(&str) + 'static,
        mut on_close: impl FnMut(CloseCode) + 'static,
    ) -> Result<Self, JsValue> {
        let socket = WebSocket::new(address)?;
        let on_text = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            on_text(&event.data().as_string().unwrap_or_default());
        });
        let on_close =
            Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| on_close(CloseCode(event.code())));
        socket.set_onmessage(Some(on_text.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { wire: socket, _on_text: on_text, _on_close: on_close })
    }

    /// Writes a text, if the socket is open.
    pub(super) fn send(&self, text: &str) -> bool {
        self.wire.ready_state() == WebSocket::OPEN && self.wire.send_with_str(text).is_ok()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.wire.set_onmessage(None);
        self.wire.set_onclose(None);
        // It fails only where it is closed already.
        self.wire.close().ok();
    }
}

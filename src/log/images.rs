//! Images that players show each other, kept as long as their room.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use serde::Serialize;
use uuid::Uuid;

use super::LogError;
use crate::id::{PlayerId, RoomKey};
use crate::time::Timestamp;

/// An image's name in its room: by chance, so that only those who were told of an image can ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct ImageId(pub Uuid);

impl ImageId {
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ImageId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// An image about to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewImage {
    pub room: RoomKey,
    pub id: ImageId,
    /// Who uploaded it.
    pub player: PlayerId,
    /// One of those that the table's constraint names.
    pub media_type: &'static str,
    pub width: u32,
    pub height: u32,
    pub body: Vec<u8>,
    pub now: Timestamp,
    pub quota: Quota,
}

/// What one room keeps at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub images: u32,
    pub bytes: u64,
}

/// An image as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImage {
    pub media_type: String,
    pub body: Vec<u8>,
}

/// The images, whatever store holds them.
///
/// Every method's error is [`LogError::Unavailable`], or [`LogError::Conflict`] when the room is gone.
#[async_trait]
pub trait Images: Send + Sync + 'static {
    /// Keeps an image; `false` when the room has as many as it may.
    async fn keep_image(&self, new: NewImage) -> Result<bool, LogError>;

    /// One of a room's.
    async fn image(&self, room: RoomKey, id: ImageId) -> Result<Option<StoredImage>, LogError>;
}

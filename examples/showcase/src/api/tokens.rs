//! The JSON Web Tokens by which clients show that they may log users in.

use std::env;
use std::sync::Arc;

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, get_current_timestamp,
};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

const SECRET: &str = "SHOWCASE_JWT_SECRET";
const LIFETIME_SECONDS: u64 = 3_600;

/// Why there is no key to sign tokens with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("the system has no random bytes to give")]
    NoRandomness(#[from] getrandom::Error),
    #[error("{SECRET} must have at least 32 bytes")]
    TooShort,
}

/// Issues and validates client tokens (HS256). Clones share the keys.
#[derive(Clone)]
pub(crate) struct Tokens(Arc<Keys>);

struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Claims {
    /// The client.
    pub(super) sub: String,
    /// When the token expires, in seconds of Unix time.
    exp: u64,
}

impl Tokens {
    /// Takes the secret from the environment, or a random one when there is none.
    pub(crate) fn from_environment() -> Result<Self, SecretError> {
        let Some(secret) = env::var_os(SECRET) else {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret)?;
            return Ok(Self::from_secret(&secret));
        };
        // An HS256 key is at least as long as the hash (RFC 7518, section 3.2).
        if secret.len() < 32 {
            return Err(SecretError::TooShort);
        }
        Ok(Self::from_secret(secret.as_encoded_bytes()))
    }

    pub(crate) fn issue(&self, client: &str) -> jsonwebtoken::errors::Result<String> {
        let claims = Claims {
            sub: client.to_owned(),
            exp: get_current_timestamp() + LIFETIME_SECONDS,
        };
        jsonwebtoken::encode(&Header::default(), &claims, &self.0.encoding)
    }

    pub(super) fn validate(&self, token: &str) -> Result<Claims> {
        let validation = Validation::new(Algorithm::HS256);
        match jsonwebtoken::decode(token, &self.0.decoding, &validation) {
            Ok(token) => Ok(token.claims),
            Err(_) => Err(Error::Token),
        }
    }

    fn from_secret(secret: &[u8]) -> Self {
        Self(Arc::new(Keys {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }))
    }
}

// The two secrets. They are written through the management plane, so the deployer needs no role on the vault's contents.
param location string
param tags object
param name string

@description('Fernet key of the token cache; empty leaves the stored one alone.')
@secure()
param tokenCacheKey string

@description('Client secret of the application that reads Partner Center; empty leaves the stored one alone.')
@secure()
param clientSecret string

@allowed([
  'Enabled'
  'Disabled'
])
param publicNetworkAccess string

param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 30
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      // Azure Resource Manager, which writes the secrets, counts as a trusted service.
      bypass: 'AzureServices'
      defaultAction: publicNetworkAccess == 'Enabled' ? 'Allow' : 'Deny'
    }
  }
}

resource tokenCacheKeySecret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = if (!empty(tokenCacheKey)) {
  parent: vault
  name: 'token-cache-key'
  properties: {
    value: tokenCacheKey
  }
}

resource clientSecretSecret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = if (!empty(clientSecret)) {
  parent: vault
  name: 'partner-center-client-secret'
  properties: {
    value: clientSecret
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

output vaultUri string = vault.properties.vaultUri
